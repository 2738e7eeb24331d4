import type { Protocol } from "./protocols/protocol.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import type { CurrentConfig } from "./room.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What the receiving flow is given, with the protocols it may use. */
export function receivingParts(
  site: Site,
  protocols: readonly Protocol[],
  current: CurrentConfig,
): ReceivingParts {
  return {
    ...site,
    protocols,
    settings: () => {
      const { policy, trustedAuthservIds, subscriptions, notifications, dkim } = current();
      const { holdMs, notify } = notifications;
      return { policy, notify, holdMs, trustedAuthservIds, verifyDkim: dkim.verify, ...subscriptions };
    },
    onStateChanged: async () => {},
    tell: (event, fields) => site.log.info(event, fields),
    newId,
    random: Math.random,
  };
}
