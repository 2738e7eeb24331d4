import { unreachable } from "../domain/unreachable.ts";
import { afterEvent } from "../domain/subscription.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import type { Call, Followed, FollowReply, NotFollowed, Settled, TryLater } from "../protocols/protocol.ts";
import { type NotificationRow, readNotification, readTargets } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import {
  insertSubscription,
  keepFolders,
  openSubscription,
  readSubscription,
  type SubscriptionRow,
} from "../store/subscriptions.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { askFor, type Asking, isLastTry, notNow, recordCalls } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck, planFollow, planLeave } from "./plan.ts";
import { changeState } from "./state.ts";

/**
 * The worker that turns an accepted notification into a subscription. Following twice is following once: the
 * subscription and the end of the job are one transaction, and the origin is asked, never told to create.
 */
export function createFollow(parts: ReceivingParts): Worker {
  return async (job, signal) => {
    const row = await readNotification(parts.store.db, job.subject);
    if (row === undefined || row.state !== "accepted") return { kind: "done" };
    const asking = await askFor(row, parts);
    if (asking === undefined) return { kind: "done" };
    const restriction = asking.protocol.restriction(asking.share, asking.account.who);
    if (restriction !== null) return refused({ row, asking, reply: restriction, calls: [] }, parts);
    const calls: Call[] = [];
    const reply = await asking.way.follow(asking.share, asking.account.who, {
      signal,
      record: (call) => calls.push(call),
    });
    return outcomeOf({ row, asking, reply, calls, job }, parts);
  };
}

interface Attempt {
  readonly row: NotificationRow;
  readonly asking: Asking;
  readonly reply: FollowReply;
  readonly calls: readonly Call[];
  readonly job: LeasedJob;
}

function outcomeOf(attempt: Attempt, parts: ReceivingParts): JobOutcome {
  const { row, asking, reply, calls } = attempt;
  switch (reply.kind) {
    case "followed":
      return { kind: "done", commit: async (db) => subscribe(db, attempt, reply, parts) };
    case "settled":
      return { kind: "done", commit: async (db) => settle(db, attempt, reply, parts) };
    case "no":
      return refused({ row, asking, reply, calls }, parts);
    case "try-later":
      return waits(attempt, reply, parts);
    default:
      return unreachable(reply);
  }
}

/** The account's yes was carried out, and nothing stands that would have to be left again. */
async function settle(db: Db, { row, calls }: Attempt, reply: Settled, parts: ReceivingParts): Promise<void> {
  const about = { accountId: row.account_id, notificationId: row.id };
  await recordCalls(db, about, calls);
  await addRecord(db, about, "outcome", { what: "follow", ...reply });
  if (!(await isAccepted(db, row))) return;
  const { because: reason, detail } = reply;
  await changeState(db, row.id, { state: "followed", reason, detail }, parts);
  afterCommit(() => parts.tell("share-followed", { notification: row.id, origin: row.origin, reason }));
}

async function subscribe(db: Db, attempt: Attempt, reply: Followed, parts: ReceivingParts): Promise<void> {
  const { row, asking, calls } = attempt;
  const key = {
    accountId: row.account_id,
    protocol: row.protocol,
    origin: row.origin,
    shareKey: row.share_key,
  };
  const standing = await openSubscription(db, key);
  const id = standing?.id ?? parts.newId("s");
  if (standing === undefined) await insertSubscription(db, newSubscription(id, attempt, reply, parts));
  await keepFolders(db, id, reply.folders);
  await settleAnswer(db, attempt, { subscriptionId: id, note: reply.note ?? null }, parts);
  const about = { accountId: row.account_id, notificationId: row.id, subscriptionId: id };
  await recordCalls(db, about, calls);
  await addRecord(db, about, "outcome", {
    what: "follow",
    via: asking.via,
    state: reply.state,
    guest: reply.guest,
    folders: reply.folders.map(({ folder, title }) => ({ folder, title })),
    notFollowed: reply.notFollowed ?? [],
    ...(reply.note === undefined ? {} : { note: reply.note }),
  });
  afterCommit(() =>
    parts.tell("share-followed", { notification: row.id, subscription: id, origin: row.origin }),
  );
}

/** Where the account's yes stands no longer, what now stands is left again. */
async function settleAnswer(
  db: Db,
  attempt: Attempt,
  { subscriptionId, note }: { readonly subscriptionId: string; readonly note: string | null },
  parts: ReceivingParts,
): Promise<void> {
  const { row } = attempt;
  const subscription = await readSubscription(db, subscriptionId);
  if (await isAccepted(db, row)) {
    await changeState(db, row.id, { state: "followed", reason: null, detail: note }, parts);
    if (subscription !== undefined && (await hasGrown(db, attempt))) {
      await planCheck(db, subscription, parts.queue, "new-folder");
    }
    return;
  }
  if (subscription !== undefined) await planLeave(db, subscription, parts.queue, "taken-back");
}

/** Whether the account's yes still stands: it may have changed its mind while the origin was asked. */
async function isAccepted(db: Db, row: NotificationRow): Promise<boolean> {
  return (await readNotification(db, row.id))?.state === "accepted";
}

/** Whether a mail that was read while the origin was asked named something more, which was not asked about. */
async function hasGrown(db: Db, { row, asking }: Pick<Attempt, "row" | "asking">): Promise<boolean> {
  return (await readTargets(db, row.id)).length > asking.share.targets.length;
}

function newSubscription(
  id: string,
  attempt: Attempt,
  reply: Followed,
  parts: ReceivingParts,
): SubscriptionRow {
  const { row, asking } = attempt;
  const nowMs = Date.now();
  const { checkEveryMs, pauseAfterErrorMs } = parts.settings();
  const life = afterEvent(
    { state: "SUBSCRIBED", failingSince: null, nextCheckAt: null },
    { kind: "seen" },
    { nowMs, checkEveryMs, pauseAfterErrorMs, random: parts.random },
  );
  return {
    id,
    account_id: row.account_id,
    notification_id: row.id,
    protocol: row.protocol,
    origin: row.origin,
    share_key: row.share_key,
    via: asking.via,
    state: "SUBSCRIBED",
    reason: null,
    detail: null,
    title: reply.folders[0]?.title ?? row.title,
    guest: reply.guest,
    home_account: reply.homeAccount,
    home_folder: reply.homeFolder,
    checked_at: nowMs,
    next_check_at: life?.nextCheckAt ?? null,
    failing_since: null,
    created_at: nowMs,
    ended_at: null,
  };
}

interface Refusal extends Pick<Attempt, "row" | "asking" | "calls"> {
  readonly reply: NotFollowed;
}

function refused(refusal: Refusal, parts: ReceivingParts): JobOutcome {
  const { row, reply, calls } = refusal;
  const asksPassword = reply.state === "ADDABLE_WITH_PASSWORD" || reply.state === "CREDENTIALS_REFRESH";
  return {
    kind: "done",
    commit: async (db) => {
      const about = { accountId: row.account_id, notificationId: row.id };
      await recordCalls(db, about, calls);
      await addRecord(db, about, "outcome", { what: "follow", ...reply });
      if (!(await isAccepted(db, row))) return;
      if (await hasGrown(db, refusal)) return planFollow(db, row, parts.queue);
      const state = asksPassword ? "needs-password" : "failed";
      const change = { state, reason: reply.because, detail: reply.detail } as const;
      await changeState(db, row.id, change, parts);
      afterCommit(() =>
        parts.tell("share-not-followed", { notification: row.id, origin: row.origin, reason: reply.because }),
      );
    },
  };
}

function waits(attempt: Attempt, reply: TryLater, parts: ReceivingParts): JobOutcome {
  const { row, calls, job } = attempt;
  const commit = async (db: Db): Promise<void> => {
    const about = { accountId: row.account_id, notificationId: row.id };
    await recordCalls(db, about, calls);
    await addRecord(db, about, "outcome", {
      what: "follow",
      attempt: job.attempt,
      isLast: isLastTry(job),
      ...reply,
    });
    if (!(await isAccepted(db, row))) return;
    const change = { state: "accepted", reason: reply.because, detail: reply.detail } as const;
    await changeState(db, row.id, change, parts);
    afterCommit(() =>
      parts.tell("share-waits", { notification: row.id, origin: row.origin, reason: reply.because }),
    );
  };
  return notNow(reply, job, commit, parts);
}
