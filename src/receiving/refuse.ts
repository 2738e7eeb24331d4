import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import type { Call, LeaveReply } from "../protocols/protocol.ts";
import { type NotificationRow, readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import { askFor, notNow, recordCalls } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";

/** The worker that tells the origin of a refused notification that the account does not want the share. */
export function createRefuse(parts: ReceivingParts): Worker {
  return async (job, signal) => {
    const row = await readNotification(parts.store.db, job.subject);
    if (row === undefined || row.state !== "refused") return { kind: "done" };
    const asking = await askFor(row, parts);
    if (asking?.way.refuse === undefined) return { kind: "done" };
    const calls: Call[] = [];
    const record = (call: Call): number => calls.push(call);
    const reply = await asking.way.refuse(asking.share, asking.account.who, { signal, record });
    return outcomeOf({ row, reply, calls, job }, parts);
  };
}

interface Refusing {
  readonly row: NotificationRow;
  readonly reply: LeaveReply;
  readonly calls: readonly Call[];
  readonly job: LeasedJob;
}

function outcomeOf({ row, reply, calls, job }: Refusing, parts: ReceivingParts): JobOutcome {
  const commit = async (db: Db): Promise<void> => {
    const about = { accountId: row.account_id, notificationId: row.id };
    await recordCalls(db, about, calls);
    await addRecord(db, about, "outcome", { what: "refuse", attempt: job.attempt, ...reply });
  };
  switch (reply.kind) {
    case "left":
    // The origin no longer knows the share: what was wanted stands.
    case "no":
      return { kind: "done", commit };
    case "try-later":
      return notNow(reply, job, commit, parts);
    default:
      return unreachable(reply);
  }
}
