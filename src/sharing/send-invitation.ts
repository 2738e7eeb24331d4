import type { WrittenInvitation } from "../domain/invitation.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import { recipientAfter } from "../domain/recipient.ts";
import { backoffMs, schedules, triesWithin } from "../domain/retry.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import type { Receipt } from "../mail/transport.ts";
import { addRecord } from "../store/records.ts";
import {
  type PlannedInvitation,
  readInvitation,
  readSharer,
  setRecipientState,
  updateInvitation,
} from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import type { SharingEvent, SharingParts } from "./parts.ts";

/**
 * The worker that hands one invitation to the mail server. The bytes are kept before the first attempt, `attempting`
 * stands in the store before the first of them leaves, and what the server said is stored with the end of the attempt
 * (reference/security.md, promises S1 to S3).
 */
export function createSendInvitation(parts: SharingParts): Worker {
  return async (job, signal) => {
    const planned = await readInvitation(parts.store.db, job.subject);
    if (planned === undefined || isSettled(planned)) return { kind: "done" };
    const attempt = { planned, job, parts };
    if (planned.invitation.state === "attempting") {
      return endAttempt(attempt, {
        kind: "unknown",
        reply: "Usher ended before the mail server had answered.",
      });
    }
    const letter = await keptLetter(attempt);
    if (letter.kind === "not-written") {
      return endAttempt(attempt, { kind: letter.temporary ? "temporary" : "permanent", reply: letter.why });
    }
    const mail = { from: letter.from, to: planned.recipient.address_key, raw: letter.raw };
    const receipt = await parts.transport.send(mail, signal, async () => {
      await updateInvitation(parts.store.db, planned.invitation.id, { state: "attempting" });
    });
    if (signal.aborted && receipt.kind === "temporary" && receipt.code === null) {
      return { kind: "retry", because: "Usher stopped", afterMs: 0, isUncounted: true };
    }
    return endAttempt(attempt, receipt);
  };
}

interface Attempt {
  readonly planned: PlannedInvitation;
  readonly job: LeasedJob;
  readonly parts: SharingParts;
}

/** How an attempt ended, and in which words. */
type Ending = Pick<Receipt, "kind" | "reply">;

type Letter =
  | (Extract<WrittenInvitation, { kind: "written" }> & { readonly from: string })
  | Extract<WrittenInvitation, { kind: "not-written" }>;

/** Nothing is left to send: the mail has its end, or the recipient no longer waits for it. */
function isSettled({ invitation, recipient }: PlannedInvitation): boolean {
  if (invitation.state === "sent" || invitation.state === "failed") return true;
  if (invitation.unknown_attempts > limits.sendUnknownRepeats) return true;
  return recipient.state !== "pending";
}

/** The message as it was first written; written and kept now where it was not. */
async function keptLetter({ planned, parts }: Attempt): Promise<Letter> {
  const { invitation } = planned;
  const site = parts.sender();
  if (site === null) {
    return {
      kind: "not-written",
      temporary: true,
      why: "No SMTP server is configured; set smtp.host and smtp.from.",
    };
  }
  const place = { table: "invitation", row: invitation.id, column: "raw_sealed" };
  if (invitation.raw_sealed !== null) {
    const raw = Buffer.from(parts.sealer.open(invitation.raw_sealed, place), "latin1");
    return { kind: "written", raw, from: site.address };
  }
  const written = await writeLetter(planned, site, parts);
  if (written.kind === "not-written") return written;
  // Latin-1 maps each byte to one character and back.
  const sealed = parts.sealer.seal(written.raw.toString("latin1"), place);
  await updateInvitation(parts.store.db, invitation.id, { raw_sealed: sealed });
  return { ...written, from: site.address };
}

async function writeLetter(
  { invitation, recipient, sharing }: PlannedInvitation,
  site: MailAddress,
  parts: SharingParts,
): Promise<WrittenInvitation> {
  const sharer = await readSharer(parts.store.db, { id: sharing.account_id });
  if (sharer === undefined) {
    return {
      kind: "not-written",
      temporary: true,
      why: "The account has no mail address; add one to the account.",
    };
  }
  const link = { table: "sharing", row: sharing.id, column: "link_sealed" };
  return parts.writeInvitation({
    template: invitation.template,
    locale: recipient.locale,
    site,
    messageId: invitation.message_id,
    date: Date.now(),
    facts: {
      siteName: site.name === "" ? site.address : site.name,
      sharer: { name: sharer.name, address: sharer.address },
      recipient: { name: recipient.name ?? "", address: recipient.address_key },
      title: sharing.title,
      link: parts.sealer.open(sharing.link_sealed, link),
      message: sharing.message ?? "",
    },
  });
}

function endAttempt(attempt: Attempt, ending: Ending): JobOutcome {
  const { unknown_attempts: unknownBefore } = attempt.planned.invitation;
  switch (ending.kind) {
    case "accepted":
      return close(attempt, ending, { state: "sent", raw_sealed: null, sent_at: Date.now() });
    case "permanent":
      // An earlier attempt may have arrived: then this reply is no proof that nothing did.
      if (unknownBefore > 0)
        return close(attempt, ending, { state: "unknown", unknown_attempts: noFurtherRepeat });
      return fail(attempt, ending, "refused-by-mail-server");
    case "temporary":
      return tryLater(attempt, ending);
    case "unknown":
      return repeat(attempt, ending);
    default:
      return unreachable(ending.kind);
  }
}

const noFurtherRepeat = limits.sendUnknownRepeats + 1;

function tryLater(attempt: Attempt, ending: Ending): JobOutcome {
  const { job, parts, planned } = attempt;
  const { created_at: since, unknown_attempts: unknownBefore } = planned.invitation;
  const waitMs = backoffMs(job.attempt, schedules.mail, parts.random);
  const afterMs = unknownBefore > 0 ? Math.max(waitMs, limits.sendUnknownWaitMs) : waitMs;
  const isLast =
    Date.now() + afterMs > since + limits.sendForMs ||
    job.attempt >= triesWithin(limits.sendForMs, schedules.mail);
  if (!isLast)
    return again(attempt, ending, afterMs, unknownBefore > 0 ? { state: "unknown" } : { state: "planned" });
  if (unknownBefore > 0)
    return close(attempt, ending, { state: "unknown", unknown_attempts: noFurtherRepeat });
  return fail(attempt, ending, "gave-up");
}

function repeat(attempt: Attempt, ending: Ending): JobOutcome {
  const change = {
    state: "unknown",
    unknown_attempts: attempt.planned.invitation.unknown_attempts + 1,
  } as const;
  if (change.unknown_attempts > limits.sendUnknownRepeats) return close(attempt, ending, change);
  return again(attempt, ending, limits.sendUnknownWaitMs, change);
}

type Change = Parameters<typeof updateInvitation>[2];

function again(attempt: Attempt, ending: Ending, afterMs: number, change: Change): JobOutcome {
  const commit = async (db: Db): Promise<void> => recordAttempt(db, attempt, ending, change);
  return { kind: "retry", because: ending.reply, afterMs, commit };
}

function close(attempt: Attempt, ending: Ending, change: Change): JobOutcome {
  return { kind: "done", commit: async (db) => recordAttempt(db, attempt, ending, change) };
}

function fail(attempt: Attempt, ending: Ending, reason: string): JobOutcome {
  return {
    kind: "done",
    commit: async (db) => {
      await recordAttempt(db, attempt, ending, { state: "failed", raw_sealed: null });
      // Read anew: the recipient may have answered meanwhile.
      const now = await readInvitation(db, attempt.planned.invitation.id);
      if (now === undefined) return;
      const { id, state } = now.recipient;
      const next = recipientAfter(state, "mail-failed");
      if (next !== state) await setRecipientState(db, id, { state: next, reason });
    },
  };
}

async function recordAttempt(
  db: Db,
  { planned, parts }: Attempt,
  ending: Ending,
  change: Change,
): Promise<void> {
  const { invitation, recipient, sharing } = planned;
  const attempts = invitation.attempts + 1;
  await updateInvitation(db, invitation.id, { attempts, reply: ending.reply, ...change });
  const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
  await addRecord(db, about, "outcome", {
    what: "send",
    attempt: attempts,
    receipt: ending.kind,
    reply: ending.reply,
    messageId: invitation.message_id,
    state: change.state ?? invitation.state,
  });
  const fields = { sharing: sharing.id, recipient: recipient.id, attempt: attempts, reply: ending.reply };
  afterCommit(() => parts.tell(eventOf(change), fields));
}

function eventOf(change: Change): SharingEvent {
  if (change.state === "sent") return "invitation-sent";
  const isOver = change.state === "failed" || (change.unknown_attempts ?? 0) > limits.sendUnknownRepeats;
  return isOver ? "invitation-failed" : "invitation-waits";
}
