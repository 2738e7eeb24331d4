import type { Worker } from "../jobs/queue.ts";
import { dueSubscriptions } from "../store/subscriptions.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";

/** Subscriptions that one sweep plans at most; the rest is found by the next. */
const sweepRows = 500;

/** The worker behind the schedule: plans a look at every subscription whose time has come. */
export function createSweep({ queue }: Pick<ReceivingParts, "queue">): Worker {
  return async () => ({
    kind: "done",
    commit: async (db) => {
      const nowMs = Date.now();
      for (const row of await dueSubscriptions(db, nowMs, sweepRows))
        await planCheck(db, row, queue, "schedule");
    },
  });
}
