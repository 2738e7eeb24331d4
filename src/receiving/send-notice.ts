import { deliver } from "../delivery/deliver.ts";
import type { DeliveryParts } from "../delivery/parts.ts";
import { addressKey } from "../domain/address.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { WriteNotice } from "../domain/notice.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, Worker } from "../jobs/queue.ts";
import { type NoticeRow, readNotice, tellBySummary, updateNotice } from "../store/notices.ts";
import { readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import { readSharer } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { type Answering, noticeLetter, type PlannedNotice, waitingNotices } from "./notice-letter.ts";

export interface SendNoticeParts extends DeliveryParts {
  readonly writeNotice: WriteNotice;
  /** Asked anew each time. */
  readonly answering: () => Answering;
}

/** The worker that hands one notice to the mail server, unless it is no longer true. */
export function createSendNotice(parts: SendNoticeParts): Worker {
  return async (job, signal) => {
    const { db } = parts.store;
    const planned = await readPlanned(db, job.subject);
    if (planned === undefined) return { kind: "done" };
    const { notice, notification, account, to } = planned;
    if (notice.state === "planned" && !(await isStillTrue(db, planned))) return outdated(notice);
    const about = { accountId: account.id, notificationId: notification.id };
    let told: readonly string[] = [];
    const mail = {
      row: notice,
      to,
      rawPlace: { table: "notice", row: notice.id, column: "raw_sealed" },
      write: async (site: MailAddress) => {
        const written = await noticeLetter(db, planned, site, parts.answering());
        told = written.told;
        return parts.writeNotice(written.letter);
      },
      afterWritten: async (tx: Db) => tellBySummary(tx, told, notice.id),
      update: async (tx: Db, change: Parameters<typeof updateNotice>[2]) =>
        updateNotice(tx, notice.id, change),
      record: async (tx: Db, detail: object) =>
        addRecord(tx, about, "outcome", { what: "notice", notice: notice.kind, ...detail }),
    };
    return deliver(mail, job, parts, signal);
  };
}

/** Undefined where the account was removed, and everything with it, or has no address to write to. */
async function readPlanned(db: Db, id: string): Promise<PlannedNotice | undefined> {
  const notice = await readNotice(db, id);
  if (notice === undefined || notice.state === "withheld") return undefined;
  const notification = await readNotification(db, notice.notification_id);
  const account = await readSharer(db, { id: notice.account_id });
  const to = addressKey(account?.address ?? "");
  if (notification === undefined || account === undefined || to === null) return undefined;
  return { notice, notification, account, to };
}

/** Whoever has answered meanwhile is not asked for an answer. */
async function isStillTrue(db: Db, { notice, notification, account }: PlannedNotice): Promise<boolean> {
  const { state } = notification;
  switch (notice.kind) {
    case "held":
      return state === "held";
    case "failed":
      return notice.detail !== null || state === "failed" || state === "needs-password";
    case "answered":
      return true;
    case "summary":
      // Once written, it is sent as it is.
      return notice.raw_sealed !== null || (await waitingNotices(db, account.id)).length > 0;
    default:
      return unreachable(notice.kind);
  }
}

function outdated({ id }: NoticeRow): JobOutcome {
  const change = { state: "withheld", reply: "no longer true", raw_sealed: null } as const;
  return { kind: "done", commit: async (db) => updateNotice(db, id, change) };
}
