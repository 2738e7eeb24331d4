import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import type { JobOutcome, Worker } from "../jobs/queue.ts";
import { MailboxError } from "../mailbox/session.ts";
import { closeMessage, type MessageRow, readMessage } from "../store/messages.ts";
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

export interface ReadingParts extends ReceivingParts, FetchingParts, RecognisingParts {
  /** Never rejects: what cannot be read becomes a problem of the view. */
  readonly parse: (raw: Buffer, how: { readonly headersOnly: boolean }) => Promise<MailView>;
}

/** The worker that reads one mail found by a scan, and judges what it says. */
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
      return closed(mail, { state: "gone", verdict: reading.because });
    case "nothing":
      return closed(mail, { state: "read", verdict: reading.verdict }, () =>
        tellPassedOver(mail, reading, parts),
      );
    case "share":
      return { kind: "done", commit: async (db) => void (await judge(db, reading.finding, parts)) };
    default:
      return unreachable(reading);
  }
}

/** A text that only looked like a share at first sight is ordinary mail, and no news. */
function tellPassedOver(
  { folder, uid }: MessageRow,
  { verdict, account }: Extract<Recognised, { readonly kind: "nothing" }>,
  parts: ReadingParts,
): void {
  if (verdict === "no-share-notification") return;
  parts.tell("mail-passed-over", { account, folder, uid, reason: verdict });
}

function closed(
  mail: MessageRow,
  outcome: { readonly state: "gone" | "read"; readonly verdict: string },
  then: () => void = () => undefined,
): JobOutcome {
  return {
    kind: "done",
    commit: async (db) => {
      await closeMessage(db, mail.id, { ...outcome, notificationId: null });
      afterCommit(then);
    },
  };
}
