import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { NoticeLetter, NoticeShare } from "../domain/notice.ts";
import { createAnswerSecret } from "../store/answer-secrets.ts";
import { shownMail } from "../store/kept-evidence.ts";
import { type NoticeRow, type WithheldNotice, withheldNotices } from "../store/notices.ts";
import type { NotificationRow } from "../store/notifications.ts";
import { readRecord } from "../store/records.ts";
import type { NoticeKind } from "../store/outgoing-tables.ts";
import type { Sharer } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";

/** How an account can answer here. */
export interface Answering {
  /** `https://host[:port]`; null while no pages are served. */
  readonly publicUrl: string | null;
  /** Parent of the answer folders; null where there are none. */
  readonly folder: string | null;
}

/** One notice with whom it is for and what it is about. */
export interface PlannedNotice {
  readonly notice: NoticeRow;
  readonly notification: NotificationRow;
  readonly account: Sharer;
  /** Envelope recipient, a bare addr-spec. */
  readonly to: string;
}

interface Written {
  readonly letter: NoticeLetter;
  /** Withheld notices that it tells of. */
  readonly told: readonly string[];
}

/** What a notice says, as things stand now. Makes the secret of its page, which is kept nowhere but in the mail itself. */
export async function noticeLetter(
  db: Db,
  planned: PlannedNotice,
  site: MailAddress,
  answering: Answering,
): Promise<Written> {
  const { notice, account, to } = planned;
  const base = { locale: account.locale, site, messageId: notice.message_id, date: Date.now() };
  const siteName = site.name === "" ? site.address : site.name;
  const recipient = { name: account.name, address: to };
  if (notice.kind === "summary") {
    const withheld = await waitingNotices(db, account.id);
    const facts = { siteName, recipient, shares: await sharesOf(db, withheld), folder: answering.folder };
    const letter = { ...base, template: "notice-summary", inReplyTo: null, facts } as const;
    return { letter, told: withheld.map(({ noticeId }) => noticeId) };
  }
  const { inReplyTo, ...facts } = await factsOf(db, planned, answering);
  const template = templates[notice.kind];
  return { letter: { ...base, template, inReplyTo, facts: { siteName, recipient, ...facts } }, told: [] };
}

const templates = {
  held: "notice-held",
  answered: "notice-answered",
  failed: "notice-failed",
} as const satisfies Readonly<Record<Exclude<NoticeKind, "summary">, string>>;

async function factsOf(db: Db, { notice, notification, to }: PlannedNotice, answering: Answering) {
  const mail = shownMail(await readRecord(db, notification.id));
  const isUnchanged = notice.detail !== null;
  const canAnswer = notice.kind !== "answered" && !isUnchanged;
  const { publicUrl, folder } = canAnswer ? answering : { publicUrl: null, folder: null };
  return {
    inReplyTo: mail?.messageId ?? null,
    share: { ...shareOf(notification), evidence: mail?.evidence ?? null },
    state: notification.state,
    reason: notification.reason,
    detail: notice.detail ?? notification.detail,
    isUnchanged,
    ways: {
      page: publicUrl === null ? null : await newPage(db, notification.id, { to, publicUrl }),
      folder,
      untilMs: notification.expires_at,
    },
  };
}

async function newPage(
  db: Db,
  notificationId: string,
  { to, publicUrl }: { readonly to: string; readonly publicUrl: string },
): Promise<string> {
  const secret = await createAnswerSecret(db, { notificationId, addressKey: to });
  return new URL(`/answer/${secret}`, publicUrl).href;
}

/** What was withheld and still waits for the account. */
export async function waitingNotices(db: Db, accountId: string): Promise<readonly WithheldNotice[]> {
  return (await withheldNotices(db, accountId)).filter(({ notification }) => waiting.has(notification.state));
}

const waiting: ReadonlySet<NotificationRow["state"]> = new Set(["held", "failed", "needs-password"]);

/** Each share once; what is beyond the lines of a summary only counts. */
async function sharesOf(db: Db, withheld: readonly WithheldNotice[]): Promise<readonly NoticeShare[]> {
  const shares = new Map<string, NoticeShare>();
  for (const { notification } of withheld) {
    const mail = shares.size < limits.summaryLines ? shownMail(await readRecord(db, notification.id)) : null;
    shares.set(notification.id, { ...shareOf(notification), evidence: mail?.evidence ?? null });
  }
  return [...shares.values()];
}

function shareOf(row: NotificationRow): Omit<NoticeShare, "evidence"> {
  const { title, module, sharer_name: name, sharer_address: address, origin } = row;
  return { title, module, isInvitation: row.protocol === "ocm-invite", sharer: { name, address }, origin };
}
