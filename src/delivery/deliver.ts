import type { WrittenLetter } from "../domain/letter.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import { backoffMs, schedules, triesWithin } from "../domain/retry.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, LeasedJob } from "../jobs/queue.ts";
import type { Receipt } from "../mail/transport.ts";
import type { SealPlace } from "../store/sealing.ts";
import type { OutgoingMailColumns } from "../store/outgoing-tables.ts";
import type { Db } from "../store/store.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import type { DeliveryParts } from "./parts.ts";

/** The columns of one mail's row. */
export type MailRow = Omit<OutgoingMailColumns, "state"> & { readonly state: string };
export type MailChange = Partial<Omit<OutgoingMailColumns, "message_id" | "created_at">>;

/** One mail that has a row, and what is special about its kind. */
export interface Mail {
  readonly row: MailRow;
  /** Envelope recipient, a bare addr-spec. */
  readonly to: string;
  /**
   * Where reports come back to (RFC 5321 envelope sender), a bare addr-spec, or empty for nowhere; without it, to the site's
   * own address.
   */
  readonly envelopeSender?: string | null;
  /** Names the mail in the reports that are asked for (RFC 3461 section 4.4); without it none are asked for. */
  readonly envelopeId?: string;
  /** Where its bytes are kept. */
  readonly rawPlace: SealPlace;
  /** Writes the message; called until its bytes are kept, and never again. */
  readonly write: (site: MailAddress) => Promise<WrittenLetter>;
  readonly update: (db: Db, change: MailChange) => Promise<void>;
  /** Runs in the transaction that keeps the bytes. */
  readonly afterWritten?: (db: Db, raw: Buffer) => Promise<void>;
  /** Since when it could have been sent, milliseconds since 1970; without it, since it was planned. */
  readonly readySince?: number;
  /** Asked in the transaction that marks an attempt, when the mail server waits for the content: an outcome keeps it back. */
  readonly keepBack?: (db: Db) => Promise<JobOutcome | null>;
  readonly record: (db: Db, detail: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Says how an attempt ended, for the log; called when its end is recorded. */
  readonly tell?: (progress: Progress, attempt: number, reply: string) => void;
  /** What else follows when it is certain that the mail does not arrive; `reply` says why. */
  readonly onFailed?: (db: Db, reply: string) => Promise<void>;
}

/** `failed`: given up, because it was refused or because nobody knows whether it arrived. */
export type Progress = "sent" | "waits" | "failed";

/**
 * Hands one mail to the mail server. The bytes are kept before the first attempt, `attempting` stands in the store before
 * the first of them leaves, and what the server said is stored with the end of the attempt (reference/security.md,
 * promises S1 to S3).
 */
export async function deliver(
  mail: Mail,
  job: LeasedJob,
  parts: DeliveryParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  if (isClosed(mail.row)) return { kind: "done" };
  const attempt = { mail, job, parts };
  if (mail.row.state === "attempting") {
    return endAttempt(attempt, {
      kind: "unknown",
      reply: "Usher ended before the mail server had answered.",
    });
  }
  const letter = await keptLetter(attempt);
  if (letter.kind === "not-written") {
    return endAttempt(attempt, { kind: letter.temporary ? "temporary" : "permanent", reply: letter.why });
  }
  const outgoing = {
    from: mail.envelopeSender ?? letter.from,
    to: mail.to,
    raw: letter.raw,
    ...(mail.envelopeId === undefined ? {} : { envelopeId: mail.envelopeId }),
  };
  const kept: { back: JobOutcome | null } = { back: null };
  const receipt = await parts.transport.send(outgoing, signal, async () => {
    kept.back = await begin(attempt);
    if (kept.back !== null) throw new Error("The mail is kept back.");
  });
  if (kept.back !== null) return kept.back;
  if (signal.aborted && receipt.kind === "temporary" && receipt.code === null) {
    return { kind: "retry", because: "Usher stopped", afterMs: 0, isUncounted: true };
  }
  return endAttempt(attempt, receipt);
}

interface Attempt {
  readonly mail: Mail;
  readonly job: LeasedJob;
  readonly parts: DeliveryParts;
}

/** Marks the attempt in the store, unless the mail is kept back at the last moment. */
async function begin({ mail, parts }: Attempt): Promise<JobOutcome | null> {
  return parts.store.transaction(async (db) => {
    const keptBack = (await mail.keepBack?.(db)) ?? null;
    if (keptBack === null) await mail.update(db, { state: "attempting" });
    return keptBack;
  });
}

/** How an attempt ended, and in which words. */
type Ending = Pick<Receipt, "kind" | "reply">;

type Kept =
  | (Extract<WrittenLetter, { kind: "written" }> & { readonly from: string })
  | Extract<WrittenLetter, { kind: "not-written" }>;

/** The mail has its end. */
function isClosed({ state, unknown_attempts: unknownAttempts }: MailRow): boolean {
  return state === "sent" || state === "failed" || unknownAttempts > limits.sendUnknownRepeats;
}

/** The message as it was first written; written and kept now where it was not. */
async function keptLetter({ mail, parts }: Attempt): Promise<Kept> {
  const site = parts.sender();
  if (site === null) {
    const why = "No SMTP server is configured; set smtp.host and smtp.from.";
    return { kind: "not-written", temporary: true, why };
  }
  if (mail.row.raw_sealed !== null) {
    const raw = Buffer.from(parts.sealer.open(mail.row.raw_sealed, mail.rawPlace), "latin1");
    return { kind: "written", raw, from: site.address };
  }
  const written = await mail.write(site);
  if (written.kind === "not-written") return written;
  const raw = parts.sign?.(written.raw, Date.now()) ?? written.raw;
  // Latin-1 maps each byte to one character and back.
  const sealed = parts.sealer.seal(raw.toString("latin1"), mail.rawPlace);
  await parts.store.transaction(async (db) => {
    await mail.update(db, { raw_sealed: sealed });
    await mail.afterWritten?.(db, raw);
  });
  return { kind: "written", raw, from: site.address };
}

function endAttempt(attempt: Attempt, ending: Ending): JobOutcome {
  switch (ending.kind) {
    case "accepted":
      return close(attempt, ending, { state: "sent", raw_sealed: null, sent_at: Date.now() });
    case "permanent":
      // An earlier attempt may have arrived: then this reply is no proof that nothing did.
      if (attempt.mail.row.unknown_attempts > 0) return close(attempt, ending, leftUnknown);
      return fail(attempt, ending);
    case "temporary":
      return tryLater(attempt, ending);
    case "unknown":
      return repeat(attempt, ending);
    default:
      return unreachable(ending.kind);
  }
}

const leftUnknown = { state: "unknown", unknown_attempts: limits.sendUnknownRepeats + 1 } as const;

function tryLater(attempt: Attempt, ending: Ending): JobOutcome {
  const { job, parts, mail } = attempt;
  const isUnknown = mail.row.unknown_attempts > 0;
  const waitMs = backoffMs(job.attempt, schedules.mail, parts.random);
  const afterMs = isUnknown ? Math.max(waitMs, limits.sendUnknownWaitMs) : waitMs;
  const isLast =
    Date.now() + afterMs > (mail.readySince ?? mail.row.created_at) + limits.sendForMs ||
    job.attempt >= triesWithin(limits.sendForMs, schedules.mail);
  if (!isLast) return again(attempt, ending, afterMs, { state: isUnknown ? "unknown" : "planned" });
  return isUnknown ? close(attempt, ending, leftUnknown) : fail(attempt, ending);
}

function repeat(attempt: Attempt, ending: Ending): JobOutcome {
  const change = { state: "unknown", unknown_attempts: attempt.mail.row.unknown_attempts + 1 } as const;
  if (change.unknown_attempts > limits.sendUnknownRepeats) return close(attempt, ending, change);
  return again(attempt, ending, limits.sendUnknownWaitMs, change);
}

function again(attempt: Attempt, ending: Ending, afterMs: number, change: MailChange): JobOutcome {
  const commit = async (db: Db): Promise<void> => recordAttempt(db, attempt, ending, change);
  return { kind: "retry", because: ending.reply, afterMs, commit };
}

function close(attempt: Attempt, ending: Ending, change: MailChange): JobOutcome {
  return { kind: "done", commit: async (db) => recordAttempt(db, attempt, ending, change) };
}

function fail(attempt: Attempt, ending: Ending): JobOutcome {
  return {
    kind: "done",
    commit: async (db) => {
      await recordAttempt(db, attempt, ending, { state: "failed", raw_sealed: null });
      await attempt.mail.onFailed?.(db, ending.reply);
    },
  };
}

async function recordAttempt(db: Db, { mail }: Attempt, ending: Ending, change: MailChange): Promise<void> {
  const attempts = mail.row.attempts + 1;
  await mail.update(db, { attempts, reply: ending.reply, ...change });
  await mail.record(db, {
    attempt: attempts,
    receipt: ending.kind,
    reply: ending.reply,
    messageId: mail.row.message_id,
    state: change.state ?? mail.row.state,
  });
  afterCommit(() => mail.tell?.(progressOf(change), attempts, ending.reply));
}

function progressOf({ state, unknown_attempts: unknownAttempts = 0 }: MailChange): Progress {
  if (state === "sent") return "sent";
  return state === "failed" || unknownAttempts > limits.sendUnknownRepeats ? "failed" : "waits";
}
