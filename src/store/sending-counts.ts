import type { Db } from "./store.ts";

/** How far the mails of a sharing are. */
export interface SendingCounts {
  readonly sent: number;
  /** Given up, or withdrawn. */
  readonly failed: number;
  /** Of which nobody knows whether they arrived; not tried any more. */
  readonly unclear: number;
  /** Not sent yet. */
  readonly open: number;
  /** Of those, how many are due or being handed over now. */
  readonly due: number;
  /** When the next of the others is due, and why not before; null where none waits. */
  readonly nextAt: number | null;
  readonly because: string | null;
}

export async function sendingCounts(db: Db, sharingId: string, nowMs: number): Promise<SendingCounts> {
  const states = await db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .select(({ fn }) => ["invitation.state", fn.countAll<number>().as("mails")])
    .where("recipient.sharing_id", "=", sharingId)
    .groupBy("invitation.state")
    .execute();
  const jobs = await db
    .selectFrom("job")
    .innerJoin("invitation", "invitation.id", "job.subject")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .select(["job.state", "job.run_at", "job.last_error", "invitation.state as mail"])
    .where("recipient.sharing_id", "=", sharingId)
    .where("job.kind", "=", "send-invitation")
    .where("job.state", "!=", "parked")
    .orderBy("job.run_at")
    .execute();
  const mails = (state: string): number => states.find((each) => each.state === state)?.mails ?? 0;
  const repeated = jobs.filter(({ mail }) => mail === "unknown").length;
  const next = jobs.find((job) => job.state === "ready" && job.run_at > nowMs);
  return {
    sent: mails("sent"),
    failed: mails("failed"),
    unclear: mails("unknown") - repeated,
    open: mails("planned") + mails("attempting") + repeated,
    due: jobs.filter((job) => job.state === "leased" || job.run_at <= nowMs).length,
    nextAt: next?.run_at ?? null,
    because: next?.last_error ?? null,
  };
}
