import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import type { Inspection } from "../domain/share.ts";
import type { JobOutcome, Worker } from "../jobs/queue.ts";
import type { MailboxSession } from "../mailbox/session.ts";
import { MailboxError } from "../mailbox/session.ts";
import { closeMessage, type MessageRow, readMessage } from "../store/messages.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { unreachable } from "../domain/unreachable.ts";
import { readFollowingAccount } from "./account.ts";
import { type Finding, isKeepable, judge } from "./judge.ts";
import type { ReceivingParts } from "./parts.ts";

export interface ReadingParts extends ReceivingParts {
  /** Lends the mailbox's connection; throws MailboxError where there is none now. */
  readonly withSession: <T>(mailboxId: string, use: (session: MailboxSession) => Promise<T>) => Promise<T>;
  /** Never rejects: what cannot be read becomes a problem of the view. */
  readonly parse: (prefix: Buffer, how: { readonly headersOnly: boolean }) => Promise<MailView>;
  readonly inspect: (mail: MailView, forAddresses: readonly string[]) => Inspection;
}

/** The worker that reads one mail found by a scan, and judges what it says. */
export function createReadMessage(parts: ReadingParts): Worker {
  return async (job) => {
    const mail = await readMessage(parts.store.db, job.subject);
    if (mail === undefined || mail.state !== "found") return { kind: "done" };
    const fetched = await fetchPrefix(mail, parts);
    switch (fetched.kind) {
      case "not-now":
        return { kind: "retry", because: fetched.because, afterMs: notNowMs, isUncounted: true };
      case "gone":
        return closed(mail, { state: "gone", verdict: fetched.because });
      case "read": {
        const view = await parts.parse(fetched.prefix, { headersOnly: job.attempt > limits.readTries });
        return inspected(mail, view, parts);
      }
      default:
        return unreachable(fetched);
    }
  };
}

/** The connection to the mailbox comes back by itself; until then its mails wait. */
const notNowMs = 5000;

type Fetched =
  | { readonly kind: "read"; readonly prefix: Buffer }
  | { readonly kind: "gone"; readonly because: string }
  | { readonly kind: "not-now"; readonly because: string };

async function fetchPrefix(mail: MessageRow, parts: ReadingParts): Promise<Fetched> {
  try {
    return await parts.withSession(mail.mailbox_id, async (session) => {
      const status = await session.open(mail.folder);
      if (status.uidValidity !== mail.uid_validity) return { kind: "gone", because: "uidvalidity-changed" };
      const prefix = await session.prefix(mail.uid, limits.mailPrefixBytes);
      return prefix === null ? { kind: "gone", because: "mail-moved-or-deleted" } : { kind: "read", prefix };
    });
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    if (error.reason === "no-such-folder") return { kind: "gone", because: "no-such-folder" };
    return { kind: "not-now", because: `mailbox: ${error.reason}` };
  }
}

async function inspected(mail: MessageRow, view: MailView, parts: ReadingParts): Promise<JobOutcome> {
  const account = await readFollowingAccount(parts.store.db, mail.account_id, parts.sealer);
  if (account === undefined) return { kind: "done" };
  const inspection = parts.inspect(view, account.who.addresses);
  const share = inspection.notification;
  const passOver = (verdict: string): JobOutcome => {
    return closed(mail, { state: "read", verdict }, () => {
      const { folder, uid } = mail;
      parts.tell("mail-passed-over", { account: account.name, folder, uid, reason: verdict });
    });
  };
  if (share === null) return passOver(inspection.because ?? inspection.verdict);
  const protocol = parts.protocols.find(({ name }) => name === share.protocol);
  if (protocol === undefined || !isKeepable(share) || protocol.ignoredVariants.includes(share.variant)) {
    return passOver(`${share.protocol} ${share.variant}: nothing to follow`);
  }
  const { authentication } = inspection;
  return judged(
    { mail, share, authentication, problems: view.problems, account, who: account.who, protocol },
    parts,
  );
}

function judged(finding: Finding, parts: ReadingParts): JobOutcome {
  return { kind: "done", commit: async (db) => judge(db, finding, parts) };
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
