import type { Worker } from "../jobs/queue.ts";
import { expiredNotifications } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { ReceivingParts } from "./parts.ts";
import { changeState } from "./state.ts";

/** Notifications that one run gives up at most; the rest is found by the next. */
const expireRows = 500;

/** The worker behind the schedule: what was held too long is ignored. A later mail of the same share opens it again. */
export function createExpire(parts: Pick<ReceivingParts, "onStateChanged">): Worker {
  return async () => ({
    kind: "done",
    commit: async (db) => {
      for (const row of await expiredNotifications(db, Date.now(), expireRows)) {
        const about = { accountId: row.account_id, notificationId: row.id };
        await addRecord(db, about, "decision", { by: "expiry", notify: false, action: "ignore" });
        const detail = "Nobody answered in time; a new mail of the sharer opens it again.";
        await changeState(db, row.id, { state: "ignored", reason: "expired", detail }, parts);
      }
    },
  });
}
