import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import type { Attribution } from "../domain/delivery-report.ts";
import type { JobOutcome, Worker } from "../jobs/queue.ts";
import { MailboxError } from "../mailbox/session.ts";
import { closeMessage, type MessageRow, readMessage } from "../store/messages.ts";
import type { Db } from "../store/store.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { unreachable } from "../domain/unreachable.ts";
import { readFollowingAccount } from "./account.ts";
import {
  type FetchedMail,
  type FetchingParts,
  fetchMail,
  fetchWhole,
  type NotNow,
  notNow,
} from "./fetch-mail.ts";
import { judge } from "./judge.ts";
import type { ReceivingParts } from "./parts.ts";
import { type Recognised, recognise, type RecognisingParts } from "./recognise.ts";
import { checkRevoked } from "./revocation.ts";

export interface ReadingParts extends ReceivingParts, FetchingParts, RecognisingParts {
  /** Never rejects: what cannot be read becomes a problem of the view. */
  readonly parse: (raw: Buffer, how: { readonly headersOnly: boolean }) => Promise<MailView>;
  /** Takes what a mail says about the delivery of mail that this site sent; null where it says nothing of the kind. */
  readonly takeReport: (db: Db, mail: MailView) => Promise<Attribution | null>;
}

/** The worker that reads one mail found by a scan, and judges what it says, or takes it as a report. */
export function createReadMessage(parts: ReadingParts): Worker {
  return async (job) => {
    const mail = await readMessage(parts.store.db, job.subject);
    if (mail === undefined || mail.state !== "found") return { kind: "done" };
    const reading = await readAt(mail, { headersOnly: job.attempt > limits.readTries }, parts);
    if (waitsForKeys(mail, reading)) {
      return { kind: "retry", because: "dkim: name server", afterMs: limits.dkimWaitMs, isUncounted: true };
    }
    return outcomeOf(mail, reading, parts);
  };
}

/** What reading one mail at its place led to. */
export type Reading =
  | Recognised
  | Exclude<FetchedMail, { readonly kind: "read" }>
  | { readonly kind: "no-account" };

/** Reads one mail where a scan found it, and recognises what it says. Judges nothing. */
export async function readAt(
  mail: MessageRow,
  how: { readonly headersOnly: boolean },
  parts: ReadingParts,
): Promise<Reading> {
  const fetched = await fetchMail(mail, parts);
  if (fetched.kind !== "read") return fetched;
  const account = await readFollowingAccount(parts.store.db, mail.account_id, parts.sealer);
  if (account === undefined) return { kind: "no-account" };
  const { slim, flags, isJunkFolder } = fetched;
  const view = await parts.parse(slim.raw, how);
  const problems = [...view.problems, ...slim.problems];
  const whole = async (): Promise<Buffer | null> => fetchWhole(mail, slim, parts);
  try {
    return await recognise({ mail, view: { ...view, problems }, isJunkFolder, flags, whole }, account, parts);
  } catch (error) {
    if (error instanceof MailboxError) return notNow(error);
    throw error;
  }
}

/** A name server that is down for a while does not make a stranger of a sender. */
function waitsForKeys({ found_at: foundAt }: MessageRow, reading: Reading): boolean {
  if (reading.kind !== "share" || reading.finding.evidence.signature?.result !== "temperror") return false;
  return Date.now() - foundAt < limits.dkimPatienceMs;
}

/** The connection to the mailbox comes back by itself; until then its mails wait. */
const notNowMs = 5000;

/** Only a refusal of this very mail counts, so that it is parked in the end and not asked for for ever. */
function waits({ because, isRefusal }: NotNow): JobOutcome {
  const retry = { kind: "retry", because, afterMs: notNowMs } as const;
  return isRefusal ? retry : { ...retry, isUncounted: true };
}

function outcomeOf(mail: MessageRow, reading: Reading, parts: ReadingParts): JobOutcome {
  switch (reading.kind) {
    case "not-now":
      return waits(reading);
    case "no-account":
      return { kind: "done" };
    case "gone":
      return gone(mail, reading.because);
    case "nothing":
      return passedOver(mail, reading, parts);
    case "share":
      return { kind: "done", commit: async (db) => void (await judge(db, reading.finding, parts)) };
    default:
      return unreachable(reading);
  }
}

type PassedOver = Extract<Recognised, { readonly kind: "nothing" }>;

/** It announces no share; it may report on a mail of this site, or call a share off. */
function passedOver(mail: MessageRow, reading: PassedOver, parts: ReadingParts): JobOutcome {
  const { revoked, view } = reading;
  return {
    kind: "done",
    commit: async (db) => {
      const report = await parts.takeReport(db, view);
      const verdict = report === null ? reading.verdict : reportVerdict(report);
      await closeMessage(db, mail.id, { state: "read", verdict, notificationId: null });
      if (revoked !== undefined) await checkRevoked(db, mail, revoked, parts);
      afterCommit(() => tellPassedOver(mail, reading, report, parts));
    },
  };
}

function reportVerdict(report: Attribution): string {
  return report.kind === "attributed" ? "delivery-status" : `report-not-attributed: ${report.because}`;
}

/**
 * A text that only looked like a share at first sight is ordinary mail, and no news; what a report says is told where it is
 * taken.
 */
function tellPassedOver(
  { folder, uid }: MessageRow,
  { verdict, account }: PassedOver,
  report: Attribution | null,
  parts: ReadingParts,
): void {
  if (report?.kind === "not-attributed") {
    parts.tell("report-not-attributed", { account, folder, uid, reason: report.because });
  } else if (report === null && verdict !== "no-share-notification") {
    parts.tell("mail-passed-over", { account, folder, uid, reason: verdict });
  }
}

function gone(mail: MessageRow, because: string): JobOutcome {
  const outcome = { state: "gone", verdict: because, notificationId: null } as const;
  return { kind: "done", commit: async (db) => closeMessage(db, mail.id, outcome) };
}
