import type { Protocol } from "./protocols/protocol.ts";
import { type NoticeParts, planNoticeOf } from "./receiving/notices.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { planMark } from "./receiving/plan-mailbox.ts";
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
    onStateChanged: async (db, change) => {
      await planMark(db, change.notificationId, site.queue);
      await planNoticeOf(db, change, noticeParts(site, current));
    },
    tell: (event, fields) => site.log.info(event, fields),
    newId,
    random: Math.random,
  };
}

/** What planning notice mails needs. */
export function noticeParts(site: Site, current: CurrentConfig): NoticeParts {
  return { queue: site.queue, newId, sender: () => current().smtp?.from ?? null };
}
