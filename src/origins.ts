import { createGuardedClient } from "./http/guarded-client.ts";
import { createProtocols } from "./protocols/protocols.ts";
import { createCheck } from "./receiving/check.ts";
import { createFollow } from "./receiving/follow.ts";
import { createLeave } from "./receiving/leave.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { createRefuse } from "./receiving/refuse.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";

/** What speaks with origins and home servers, behind the outgoing guard. */
export function createOrigins(site: Site, current: CurrentConfig): Room & { readonly parts: ReceivingParts } {
  const http = createGuardedClient({
    settings: () => current().outbound,
    log: ({ kind, host, reason, code }) => site.log.info(`outbound-${kind}`, { host, reason, code }),
  });
  const protocols = createProtocols({
    http,
    userAgent: () => current().outbound.userAgent,
    addressRules: () => current().addresses,
  });
  const parts = receivingParts(site, protocols, current);
  return {
    parts,
    workers: {
      follow: createFollow(parts),
      "check-subscription": createCheck(parts),
      leave: createLeave(parts),
      refuse: createRefuse(parts),
    },
    [Symbol.asyncDispose]: async () => http[Symbol.asyncDispose](),
  };
}
