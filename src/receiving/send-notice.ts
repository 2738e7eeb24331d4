import { deliver } from "../delivery/deliver.ts";
import type { DeliveryParts } from "../delivery/parts.ts";
import { addressKey } from "../domain/address.ts";
import type { WrittenLetter } from "../domain/letter.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { NoticeShare, WriteNotice } from "../domain/notice.ts";
import type { JobOutcome, Worker } from "../jobs/queue.ts";
import { createAnswerSecret } from "../store/answer-secrets.ts";
import { shownMail } from "../store/kept-evidence.ts";
import {
  type NoticeRow,
  readNotice,
  tellBySummary,
  updateNotice,
  withheldNotices,
} from "../store/notices.ts";
import { type NotificationRow, readNotification } from "../store/notifications.ts";
import { addRecord, readRecord } from "../store/records.ts";
import type { NoticeKind } from "../store/schema.ts";
import { readSharer, type Sharer } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";

export interface SendNoticeParts extends DeliveryParts {
  readonly writeNotice: WriteNotice;
  /** Asked anew each time. */
  readonly answering: () => {
    /** `https://host[:port]`; null while no pages are served. */
    readonly publicUrl: string | null;
    /** Parent of the answer folders; null where there are none. */
    readonly folder: string | null;
  };
}

/** One notice with whom it is for and what it is about. */
interface Planned {
  readonly notice: NoticeRow;
  readonly notification: NotificationRow;
  readonly account: Sharer;
  /** Envelope recipient. */
  readonly to: string;
}

/** The worker that hands one notice to the mail server, unless it is no longer true. */
export function createSendNotice(parts: SendNoticeParts): Worker {
  return async (job, signal) => {
    const planned = await readPlanned(parts.store.db, job.subject);
    if (planned === undefined) return { kind: "done" };
    const { notice, notification, account, to } = planned;
    if (notice.state === "planned" && !isStillTrue(planned)) return outdated(notice);
    const about = { accountId: account.id, notificationId: notification.id };
    const told: string[] = [];
    const mail = {
      row: notice,
      to,
      rawPlace: { table: "notice", row: notice.id, column: "raw_sealed" },
      write: async (site: MailAddress) => writeNotice(planned, site, told, parts),
      update: async (db: Db, change: Parameters<typeof updateNotice>[2]) =>
        updateNotice(db, notice.id, change),
      afterWritten: async (db: Db) => tellBySummary(db, told, notice.id),
      record: async (db: Db, detail: object) =>
        addRecord(db, about, "outcome", { what: "notice", notice: notice.kind, ...detail }),
    };
    return deliver(mail, job, parts, signal);
  };
}

/** Undefined where the account was removed, and everything with it, or has no address to write to. */
async function readPlanned(db: Db, id: string): Promise<Planned | undefined> {
  const notice = await readNotice(db, id);
  if (notice === undefined || notice.state === "withheld") return undefined;
  const notification = await readNotification(db, notice.notification_id);
  const account = await readSharer(db, { id: notice.account_id });
  const to = addressKey(account?.address ?? "");
  if (notification === undefined || account === undefined || to === null) return undefined;
  return { notice, notification, account, to };
}

/** Whoever has answered meanwhile is not asked for an answer. */
function isStillTrue({ notice, notification }: Planned): boolean {
  const { state } = notification;
  if (notice.kind === "held") return state === "held";
  if (notice.kind === "failed" && notice.detail === null)
    return state === "failed" || state === "needs-password";
  return true;
}

function outdated({ id }: NoticeRow): JobOutcome {
  const change = { state: "withheld", reply: "no longer true", raw_sealed: null } as const;
  return { kind: "done", commit: async (db) => updateNotice(db, id, change) };
}

const templates = {
  held: "notice-held",
  answered: "notice-answered",
  failed: "notice-failed",
} as const satisfies Readonly<Record<Exclude<NoticeKind, "summary">, string>>;

async function writeNotice(
  planned: Planned,
  site: MailAddress,
  told: string[],
  parts: SendNoticeParts,
): Promise<WrittenLetter> {
  const { notice, notification, account, to } = planned;
  const { db } = parts.store;
  const { publicUrl, folder } = parts.answering();
  const letter = { locale: account.locale, site, messageId: notice.message_id, date: Date.now() };
  const siteName = site.name === "" ? site.address : site.name;
  const recipient = { name: account.name, address: to };
  if (notice.kind === "summary") {
    const withheld = await withheldNotices(db, account.id);
    told.push(...withheld.map(({ noticeId }) => noticeId));
    const facts = { siteName, recipient, shares: await waitingShares(db, withheld), folder };
    return parts.writeNotice({ ...letter, template: "notice-summary", inReplyTo: null, facts });
  }
  const mail = shownMail(await readRecord(db, notification.id));
  const canAnswer = notice.kind !== "answered" && notice.detail === null;
  const page = canAnswer && publicUrl !== null ? await newPage(db, notification.id, { to, publicUrl }) : null;
  const untilMs = notification.expires_at;
  const facts = {
    siteName,
    recipient,
    share: { ...shareOf(notification), evidence: mail?.evidence ?? null },
    state: notification.state,
    reason: notification.reason,
    detail: notice.detail ?? notification.detail,
    isUnchanged: notice.detail !== null,
    ways: { page, folder: canAnswer ? folder : null, untilMs },
  };
  const template = templates[notice.kind];
  return parts.writeNotice({ ...letter, template, inReplyTo: mail?.messageId ?? null, facts });
}

/** What still waits, of all that was withheld; each share once. */
async function waitingShares(
  db: Db,
  withheld: Awaited<ReturnType<typeof withheldNotices>>,
): Promise<readonly NoticeShare[]> {
  const shares = new Map<string, NoticeShare>();
  for (const { notification } of withheld) {
    if (!waiting.has(notification.state)) continue;
    const isDetailed = shares.size < limits.summaryLines;
    const mail = isDetailed ? shownMail(await readRecord(db, notification.id)) : null;
    shares.set(notification.id, { ...shareOf(notification), evidence: mail?.evidence ?? null });
  }
  return [...shares.values()];
}

const waiting: ReadonlySet<NotificationRow["state"]> = new Set(["held", "failed", "needs-password"]);

function shareOf(row: NotificationRow): Omit<NoticeShare, "evidence"> {
  const { title, module, sharer_name: name, sharer_address: address, origin } = row;
  return { title, module, sharer: { name, address }, origin };
}

/** The secret is kept nowhere but in the mail itself. */
async function newPage(
  db: Db,
  notificationId: string,
  { to, publicUrl }: { readonly to: string; readonly publicUrl: string },
): Promise<string> {
  const secret = await createAnswerSecret(db, { notificationId, addressKey: to });
  return new URL(`/answer/${secret}`, publicUrl).href;
}
