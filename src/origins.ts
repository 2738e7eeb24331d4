import { createGuardedClient } from "./http/guarded-client.ts";
import type { OutboundClient } from "./http/outbound.ts";
import type { PeerRoute } from "./http/peer-route.ts";
import { createInstances } from "./instances/instances.ts";
import type { InstanceParts } from "./instances/parts.ts";
import { createProtocols } from "./protocols/protocols.ts";
import { judgeAnnounced } from "./receiving/announced.ts";
import { createCheck } from "./receiving/check.ts";
import { createFollow } from "./receiving/follow.ts";
import { createLeave } from "./receiving/leave.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { createRefuse } from "./receiving/refuse.ts";
import { leaveThrough, recheck } from "./receiving/through-instance.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig, Room } from "./room.ts";
import { mailMember, withdrawMails } from "./sharing/member-mails.ts";
import { planningParts } from "./sharing-parts.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What speaks with origins, home servers and other Cozys. */
export interface Origins extends Room {
  /** The receiving flow with a way out; all who use it keep the bounds of each origin together. */
  readonly parts: ReceivingParts;
  /** What accounts' instance hosts serve. */
  readonly routes: readonly PeerRoute[];
}

/** Everything that reaches origins, home servers and other Cozys, behind the outgoing guard. */
export function createOrigins(site: Site, current: CurrentConfig): Origins {
  const http = createGuardedClient({
    settings: () => current().outbound,
    log: ({ kind, host, reason, code }) => site.log.info(`outbound-${kind}`, { host, reason, code }),
  });
  // Instance hosts judge what is announced to them as mails are judged, and the flow that judges follows through them.
  const instances = createInstances(instanceParts(site, current, { http, receiving: () => parts }));
  const protocols = createProtocols(
    {
      http,
      userAgent: () => current().outbound.userAgent,
      addressRules: () => current().addresses,
    },
    instances.ways,
  );
  const parts: ReceivingParts = receivingParts(site, protocols, current);
  return {
    parts,
    routes: instances.routes,
    workers: {
      follow: createFollow(parts),
      "check-subscription": createCheck(parts),
      leave: createLeave(parts),
      refuse: createRefuse(parts),
      ...instances.workers,
    },
    [Symbol.asyncDispose]: async () => http[Symbol.asyncDispose](),
  };
}

function instanceParts(
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
      judgeAnnounced(db, { accountId, share, key }, receiving()),
    recheck: async (db, notificationId) => recheck(db, notificationId, receiving()),
    leave: async (db, notificationId, by) => leaveThrough(db, { notificationId, by }, receiving()),
    tell: (event, fields) => site.log.info(event, fields),
  };
}
