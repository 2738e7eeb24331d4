import type { OutboundClient } from "./http/outbound.ts";
import type { GivenAnswer, InstanceParts } from "./instances/parts.ts";
import { accept, refuse } from "./receiving/answer.ts";
import { judgeAnnounced } from "./receiving/announced.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { leaveThrough, recheck } from "./receiving/through-instance.ts";
import type { CurrentConfig } from "./room.ts";
import { mailMember, withdrawMails } from "./sharing/member-mails.ts";
import { planningParts } from "./sharing-parts.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What instance hosts are given; `receiving` is asked for with the first share that is judged or ended. */
export function instanceParts(
  site: Site,
  current: CurrentConfig,
  { http, receiving }: { readonly http: OutboundClient; readonly receiving: () => ReceivingParts },
): InstanceParts {
  return {
    ...site,
    http,
    newId,
    sender: () => current().smtp?.from ?? null,
    pages: async () => {
      const { createPages } = await import("./http/pages/pages.ts");
      return createPages(() => current().smtp?.from.name ?? "Usher");
    },
    mailMember: async (db, mail) => mailMember(db, mail, planningParts(site, current)),
    withdrawMails: async (db, of) => withdrawMails(db, of, site),
    announce: async (db, { instance: { accountId }, share, key }) =>
      judgeAnnounced(db, { accountId, share, key, voucher: null }, receiving()),
    answer: async (notificationId, given) => answered(receiving(), notificationId, given),
    recheck: async (db, notificationId) => recheck(db, notificationId, receiving()),
    leave: async (db, notificationId, by) => leaveThrough(db, { notificationId, by }, receiving()),
    tell: (event, fields) => site.log.info(event, fields),
  };
}

async function answered(
  parts: ReceivingParts,
  notificationId: string,
  { accepted, by }: GivenAnswer,
): Promise<string | null> {
  const reply = accepted
    ? await accept(parts, notificationId, { by, password: null })
    : await refuse(parts, notificationId, { by });
  if (reply.kind === "planned") return null;
  return reply.kind === "unchanged" ? reply.why : "it is not there any more";
}
