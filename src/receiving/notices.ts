import { addressDomain } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { JobQueue } from "../jobs/queue.ts";
import { countAnswers, hasOpenSummary, insertNotice, type NoticeRow, noticeTimes } from "../store/notices.ts";
import { type NotificationRow, readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import type { NotificationChange } from "./parts.ts";

/** What planning a notice mail needs. */
export interface NoticeParts {
  readonly queue: JobQueue;
  readonly newId: (prefix: string) => string;
  /** Who sends notices; null while no SMTP server is configured. Asked anew each time. */
  readonly sender: () => MailAddress | null;
}

export interface WantedNotice {
  readonly notificationId: string;
  readonly kind: "held" | "answered" | "failed";
  /** What it is about: of one kind and cause, a notification has one notice. */
  readonly cause: string;
  /** What to say in place of the notification's own detail. */
  readonly detail?: string | null;
}

/**
 * Plans the notice that follows from a change of state, in the transaction of that change; none where the account does
 * not hear of it.
 */
export async function planNoticeOf(db: Db, change: NotificationChange, parts: NoticeParts): Promise<void> {
  const kind = noticeKindOf(change);
  if (kind === null) return;
  const { notificationId } = change;
  await planNotice(db, { notificationId, kind, cause: await causeOf(db, change, kind) }, parts);
}

/** Plans the notice about what is held, unless the account has got it; none where it does not wait for an answer. */
export async function planAsked(db: Db, notificationId: string, parts: NoticeParts): Promise<void> {
  const row = await readNotification(db, notificationId);
  if (row?.state !== "held" || row.reason === "junk") return;
  await planNotice(db, { notificationId, kind: "held", cause: row.reason ?? "held" }, parts);
}

/** Which notice a change of state calls for; null for none. Nothing is ever said of junk. */
export function noticeKindOf({ to, reason, notify }: NotificationChange): WantedNotice["kind"] | null {
  if (!notify || reason === "junk") return null;
  switch (to) {
    case "held":
      return "held";
    case "failed":
    case "needs-password":
      return "failed";
    case "followed":
    case "ignored":
    case "refused":
      return "answered";
    case "accepted":
      // The work at the origin has only begun.
      return null;
    default:
      return unreachable(to);
  }
}

/** The outcome of a second answer is told although it may be the same; that a share waits is told once. */
async function causeOf(db: Db, change: NotificationChange, kind: WantedNotice["kind"]): Promise<string> {
  const { to, from, reason, notificationId } = change;
  if (kind === "held") return from === "ignored" ? "held-again" : (reason ?? "held");
  return `${reason ?? to}/${await countAnswers(db, notificationId)}`;
}

/**
 * Plans one notice mail to the account, in the transaction of its cause. Nothing is planned twice for one kind and cause,
 * and nothing while no SMTP server is configured. What is more than limits.noticesPerDay is told in one summary.
 */
export async function planNotice(db: Db, wanted: WantedNotice, parts: NoticeParts): Promise<void> {
  const row = await readNotification(db, wanted.notificationId);
  if (row === undefined) return;
  const sender = parts.sender();
  if (sender === null) {
    const about = { accountId: row.account_id, notificationId: row.id };
    await addRecord(db, about, "outcome", { what: "notice", notice: wanted.kind, because: "no-smtp" });
    return;
  }
  const notice = newNotice(row, wanted, sender, parts);
  const nowMs = notice.created_at;
  const times = await noticeTimes(db, row.account_id, nowMs - limits.noticeDayMs);
  if (times.length < limits.noticesPerDay) {
    if (await insertNotice(db, notice)) await enqueue(db, notice, nowMs, parts);
    return;
  }
  if (!(await insertNotice(db, { ...notice, state: "withheld" }))) return;
  if (await hasOpenSummary(db, row.account_id)) return;
  const summary = newNotice(row, { kind: "summary", cause: notice.id }, sender, parts);
  await insertNotice(db, summary);
  await enqueue(db, summary, (times[0] ?? nowMs) + limits.noticeDayMs, parts);
}

function newNotice(
  { id: notificationId, account_id: accountId }: NotificationRow,
  { kind, cause, detail = null }: Pick<NoticeRow, "kind" | "cause"> & { readonly detail?: string | null },
  sender: MailAddress,
  parts: NoticeParts,
): NoticeRow {
  const id = parts.newId("w");
  return {
    id,
    account_id: accountId,
    notification_id: notificationId,
    kind,
    cause,
    detail,
    message_id: `<${id}.notice@${addressDomain(sender.address) ?? "localhost"}>`,
    raw_sealed: null,
    state: "planned",
    attempts: 0,
    unknown_attempts: 0,
    reply: null,
    created_at: Date.now(),
    sent_at: null,
  };
}

async function enqueue(db: Db, { id }: NoticeRow, runAt: number, { queue }: NoticeParts): Promise<void> {
  await queue.enqueue(db, {
    kind: "send-notice",
    subject: id,
    lane: "smtp",
    uniqueKey: `notice/${id}`,
    runAt,
  });
}
