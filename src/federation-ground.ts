import type { FederationGround } from "./federation/parts.ts";
import { ocmSiteUrl } from "./federation/site-url.ts";
import type { OutboundClient } from "./http/outbound.ts";
import { judgeAnnounced } from "./receiving/announced.ts";
import { planAsked } from "./receiving/notices.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { closeHeld, recheck } from "./receiving/through-instance.ts";
import { noticeParts } from "./receiving-parts.ts";
import type { CurrentConfig } from "./room.ts";
import { recipientAnswered } from "./sharing/answer.ts";
import { mailMember, withdrawMails } from "./sharing/member-mails.ts";
import { planningParts } from "./sharing-parts.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What Open Cloud Mesh is given; `receiving` is asked for with the first share that is judged or ended. */
export function federationGround(
  site: Site,
  current: CurrentConfig,
  { http, receiving }: { readonly http: OutboundClient; readonly receiving: () => ReceivingParts },
): FederationGround {
  return {
    ...site,
    http,
    newId,
    random: Math.random,
    siteUrl: () => ocmSiteUrl(current()),
    settings: () => current().ocm,
    sender: () => current().smtp?.from ?? null,
    pages: async () => {
      const { createPages } = await import("./http/pages/pages.ts");
      return createPages(() => current().smtp?.from.name ?? "Usher");
    },
    announce: async (db, news) => judgeAnnounced(db, news, receiving()),
    askAccount: async (db, notificationId) => planAsked(db, notificationId, noticeParts(site, current)),
    recheck: async (db, notificationId) => recheck(db, notificationId, receiving()),
    closeHeld: async (db, notificationId) => closeHeld(db, notificationId, receiving()),
    mailMember: async (db, mail) => mailMember(db, mail, planningParts(site, current)),
    withdrawMails: async (db, of) => withdrawMails(db, of, site),
    recipientAnswered,
    tell: (event, fields) => site.log.info(event, fields),
  };
}
