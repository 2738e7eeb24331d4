import { limits } from "../domain/limits.ts";
import { backoffMs, schedules } from "../domain/retry.ts";
import { moduleName } from "../domain/share.ts";
import type { JobOutcome, LeasedJob } from "../jobs/queue.ts";
import type { Call, FollowWay, Protocol, Share, TryLater } from "../protocols/protocol.ts";
import { type NotificationRow, readTargets } from "../store/notifications.ts";
import { addRecord, type RecordSubject } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import { type FollowingAccount, readFollowingAccount } from "./account.ts";
import type { ReceivingParts } from "./parts.ts";

/** Everything needed to ask another server about one share of one account. */
export interface Asking {
  readonly protocol: Protocol;
  readonly account: FollowingAccount;
  readonly share: Share;
  readonly via: "usher" | "home";
  readonly way: FollowWay;
}

type AskingParts = Pick<ReceivingParts, "store" | "sealer" | "protocols">;

/** Gathers it from the notification; undefined where the account or the protocol is no longer there. */
export async function askFor(row: NotificationRow, parts: AskingParts): Promise<Asking | undefined> {
  const protocol = parts.protocols.find(({ name }) => name === row.protocol);
  const account = await readFollowingAccount(parts.store.db, row.account_id, parts.sealer);
  if (protocol === undefined || account === undefined) return undefined;
  const share = await readShare(row, parts);
  return { protocol, account, share, ...protocol.way(account, row.variant) };
}

async function readShare(row: NotificationRow, parts: AskingParts): Promise<Share> {
  const place = { table: "notification", row: row.id };
  const targets = await readTargets(parts.store.db, row.id);
  return {
    notificationId: row.id,
    origin: row.origin,
    variant: row.variant,
    title: row.title,
    sharerName: row.sharer_name,
    link: parts.sealer.open(row.link_sealed, { ...place, column: "link_sealed" }),
    password:
      row.password_sealed === null
        ? null
        : parts.sealer.open(row.password_sealed, { ...place, column: "password_sealed" }),
    targets: targets.map(({ module, folder, item }) => ({ module: moduleName(module), folder, item })),
  };
}

/** Writes every request that was made, in order. */
export async function recordCalls(db: Db, about: RecordSubject, calls: readonly Call[]): Promise<void> {
  for (const call of calls) await addRecord(db, about, "call", { ...call });
}

/** The longer of the own wait and the one the origin asked for, clamped. */
export function retryAfter(askedMs: number | null, ownMs: number): number {
  if (askedMs === null) return ownMs;
  return Math.max(ownMs, Math.min(Math.max(askedMs, limits.retryAfterMinMs), limits.retryAfterMaxMs));
}

/** Whether this attempt at another server is the last before its work is parked. */
export function isLastTry(job: LeasedJob): boolean {
  return job.attempt >= limits.followTries;
}

/** How a job ends whose server could not answer now: asked again later, or parked after the last try. */
export function notNow(
  reply: TryLater,
  job: LeasedJob,
  commit: (db: Db) => Promise<void>,
  { random }: Pick<ReceivingParts, "random">,
): JobOutcome {
  const { because } = reply;
  if (isLastTry(job)) return { kind: "park", because, commit };
  const afterMs = retryAfter(reply.retryAfterMs, backoffMs(job.attempt, schedules.http, random));
  return { kind: "retry", because, afterMs, commit };
}
