import { keptEvidence } from "../store/kept-evidence.ts";
import { readNotification, type NotificationRow, setNotificationPassword } from "../store/notifications.ts";
import { addRecord, readRecord } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import type { Db } from "../store/store.ts";
import { readSubscription, type SubscriptionRow, updateSubscription } from "../store/subscriptions.ts";
import { canRefuse, cannotRefuse, unfollowable } from "./abilities.ts";
import { lackFor } from "./lack.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck, planFollow, planLeave, planRefuse } from "./plan.ts";
import { changeState } from "./state.ts";
import { trustSender, type Trust } from "./trust-sender.ts";

/** One path for all ways of answering: command line, API, mailbox and page. */
export type Answered =
  | {
      readonly kind: "planned";
      /** As it was before. */
      readonly row: NotificationRow;
      readonly state: NotificationState;
      /** What a person should know about how it was done; null for nothing. */
      readonly note: string | null;
      /** Null where it was not asked for. */
      readonly trust: Trust | null;
    }
  | { readonly kind: "unchanged"; readonly why: string }
  | { readonly kind: "not-found" };

export interface Answer {
  /** `command line`, `mailbox`, `page` or `api: <token name>`. */
  readonly by: string;
  /** Whether the account hears of the outcome; where it is left out: unless the command line asks. */
  readonly notify?: boolean;
}

export type AnswerParts = Pick<ReceivingParts, "store" | "sealer" | "queue" | "protocols" | "onStateChanged">;

/** What an account's yes means in each state; a text says why nothing is done. */
const acceptIn: Readonly<Record<NotificationState, true | string>> = {
  held: true,
  failed: true,
  "needs-password": true,
  ignored: true,
  refused: "it was refused at the origin; ask the sharer for a new invitation",
  accepted: "it is accepted already, and the work at the origin goes on",
  followed: "it is followed already",
};

/**
 * The account says yes, with the guest password where the share has one: plans the work at the origin. `trust`: the
 * account trusts this sender from now on, as far as he was authenticated.
 */
export async function accept(
  parts: AnswerParts,
  id: string,
  answer: Answer & { readonly password: string | null; readonly trust?: boolean },
): Promise<Answered> {
  return parts.store.transaction(async (db) => {
    const row = await readNotification(db, id);
    if (row === undefined) return { kind: "not-found" };
    const why =
      whyNotAccepted(row, parts) ??
      ((await liesInJunk(db, id)) ? inJunk : null) ??
      (await lackFor(db, row, parts));
    if (why !== null) return { kind: "unchanged", why };
    if (answer.password !== null) {
      const place = { table: "notification", row: id, column: "password_sealed" };
      await setNotificationPassword(db, id, parts.sealer.seal(answer.password, place));
    }
    const trust = answer.trust === true ? await trustSender(db, row) : null;
    await recordAnswer(db, row, answer, { action: "accept", withPassword: answer.password !== null, trust });
    await changeState(db, row.id, { state: "accepted", reason: null, detail: null }, parts);
    await planFollow(db, row, parts.queue);
    return { kind: "planned", row, state: "accepted", note: null, trust };
  });
}

/** Why the account cannot say yes, for a person; null where it can. */
export function whyNotAccepted(row: NotificationRow, parts: Pick<AnswerParts, "protocols">): string | null {
  const allowed = acceptIn[row.state];
  if (allowed !== true) return allowed;
  if (row.state === "held" && row.reason === "junk") return inJunk;
  return unfollowable(parts.protocols, row.protocol)?.detail ?? null;
}

const inJunk =
  "its mail lies in Junk, and such mail is never acted on; move it to the inbox first, and it is judged again";

/** Whether no mail of it was ever seen outside Junk: such mail is never acted on (reference/security.md 4, rule 7). */
async function liesInJunk(db: Db, id: string): Promise<boolean> {
  const mails = (await readRecord(db, id)).filter(({ kind }) => kind === "mail");
  return mails.length > 0 && mails.every(({ detail }) => keptEvidence(detail)?.isJunk === true);
}

/** The account does not want it: nothing is asked of the origin. */
export async function ignore(parts: AnswerParts, id: string, answer: Answer): Promise<Answered> {
  return parts.store.transaction(async (db) => {
    const row = await readNotification(db, id);
    if (row === undefined) return { kind: "not-found" };
    const why = whyNotIgnored(row);
    if (why !== null) return { kind: "unchanged", why };
    return ignoreNow(db, row, { answer, note: null }, parts);
  });
}

/** The account says no: its origin is told where the protocol has a way; elsewhere it is ignored here, and said so. */
export async function refuse(parts: AnswerParts, id: string, answer: Answer): Promise<Answered> {
  return parts.store.transaction(async (db) => {
    const row = await readNotification(db, id);
    if (row === undefined) return { kind: "not-found" };
    const why = whyNotIgnored(row) ?? (row.state === "refused" ? "it is refused already" : null);
    if (why !== null) return { kind: "unchanged", why };
    const isJunk = await liesInJunk(db, id);
    if (isJunk || !canRefuse(parts.protocols, row)) {
      return ignoreNow(db, row, { answer, note: isJunk ? junkNote : cannotRefuse(row.protocol) }, parts);
    }
    await recordAnswer(db, row, answer, { action: "refuse" });
    await changeState(db, row.id, { state: "refused", reason: "answered", detail: null }, parts);
    await planRefuse(db, row, parts.queue);
    return { kind: "planned", row, state: "refused", note: null, trust: null };
  });
}

const junkNote = "Its mail lies in Junk, so its origin is not asked: it is ignored here.";

function whyNotIgnored(row: NotificationRow): string | null {
  if (row.state === "followed") return "it is followed; end it with: usher subscription remove";
  const isAnswered = row.state === "ignored" && (row.reason === "answered" || row.reason === "left");
  return isAnswered ? "it is ignored already" : null;
}

async function ignoreNow(
  db: Db,
  row: NotificationRow,
  { answer, note }: { readonly answer: Answer; readonly note: string | null },
  parts: AnswerParts,
): Promise<Answered> {
  await recordAnswer(db, row, answer, { action: "ignore", ...(note === null ? {} : { note }) });
  await changeState(db, row.id, { state: "ignored", reason: "answered", detail: note }, parts);
  return { kind: "planned", row, state: "ignored", note, trust: null };
}

async function recordAnswer(
  db: Db,
  row: NotificationRow,
  { by, notify }: Answer,
  what: Readonly<Record<string, unknown>>,
): Promise<void> {
  await addRecord(db, { accountId: row.account_id, notificationId: row.id }, "decision", {
    by,
    notify: notify ?? by !== "command line",
    ...what,
  });
}

/** Plans a look at a subscription now, first keeping a new guest password where one is given; undefined where it is none. */
export async function checkNow(
  parts: Pick<AnswerParts, "store" | "sealer" | "queue">,
  id: string,
  password: string | null,
): Promise<SubscriptionRow | undefined> {
  return parts.store.transaction(async (db) => {
    const row = await readSubscription(db, id);
    if (row === undefined) return undefined;
    if (password !== null) {
      const place = { table: "notification", row: row.notification_id, column: "password_sealed" };
      await setNotificationPassword(db, row.notification_id, parts.sealer.seal(password, place));
    }
    const cause = password === null ? "account" : "new-password";
    if (row.ended_at === null) await planCheck(db, row, parts.queue, cause);
    return row;
  });
}

/** Plans the end of a subscription; undefined where it is none. */
export async function leave(
  parts: Pick<AnswerParts, "store" | "queue">,
  id: string,
  by: string,
): Promise<SubscriptionRow | undefined> {
  return parts.store.transaction(async (db) => {
    const row = await readSubscription(db, id);
    if (row !== undefined && row.ended_at === null) await planEnd(db, row, by, parts);
    return row;
  });
}

/** Plans the end of a subscription that stands, in the caller's transaction. */
export async function planEnd(
  db: Db,
  row: SubscriptionRow,
  by: string,
  { queue }: Pick<AnswerParts, "queue">,
): Promise<void> {
  const about = { accountId: row.account_id, notificationId: row.notification_id, subscriptionId: row.id };
  await addRecord(db, about, "decision", { by, action: "leave" });
  await updateSubscription(db, row.id, { next_check_at: null });
  await planLeave(db, row, queue, "account");
}
