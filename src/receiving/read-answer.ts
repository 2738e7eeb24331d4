import { limits } from "../domain/limits.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import type { FolderAnswer } from "../domain/answer-folders.ts";
import { notificationOfCopy } from "../store/mailboxes.ts";
import { closeMessage, type MessageRow, readMessage } from "../store/messages.ts";
import { readNotification } from "../store/notifications.ts";
import type { NotificationState } from "../store/schema.ts";
import { accept, type Answered, type AnswerParts, refuse } from "./answer.ts";
import { afterMailboxError } from "./mailbox-trouble.ts";
import { moveAnswered, type MovingParts } from "./move-answered.ts";
import { wasMovedHere } from "./moved-here.ts";
import { type GivenAnswer, givenAnswer, verdictOf } from "./plan-mailbox.ts";

export interface MailboxAnswerParts extends AnswerParts, MovingParts {
  /** The worker of `read-message`: a mail may be put into a folder before anybody has read it. */
  readonly readMail: Worker;
  /** The worker of `mark-message`: a keyword travels with its mail, and nobody knows the mail again after a kill. */
  readonly markMail: Worker;
}

/**
 * The worker that does what an account asked for by moving a mail. It reads the mail like any other, gives the answer
 * once, waits for the outcome, and puts the mail where it shows. Each step is recorded before the next, so that it goes
 * on where it was killed.
 */
export function createReadAnswer(parts: MailboxAnswerParts): Worker {
  return async (job, signal) => {
    const answer = job.payload["answer"] === "accept" ? "accept" : "decline";
    const unread = await readHere(job, signal, parts);
    if (unread !== null) return unread;
    const mail = await readMessage(parts.store.db, job.subject);
    if (mail === undefined || mail.state === "gone") return { kind: "done" };
    const id = mail.notification_id ?? (await notificationOfCopy(parts.store.db, mail));
    if (id === null) return moveAnswered(mail, { kind: "back", notificationId: null, why: notAShare }, parts);
    const given = givenAnswer(mail) ?? (await giveIfMoved(mail, { id, answer }, parts));
    if ("kind" in given) return given;
    const state = (await readNotification(parts.store.db, id))?.state;
    if (state === undefined) return { kind: "done" };
    if (endOf(given.answer, state) !== "wait") await markHere(job, signal, parts);
    return outcomeOf(mail, { id, given, state }, parts);
  };
}

/** A keyword that cannot be set now keeps nobody from moving the mail. */
async function markHere(job: LeasedJob, signal: AbortSignal, parts: MailboxAnswerParts): Promise<void> {
  const outcome = await parts.markMail(job, signal);
  const { commit } = outcome;
  if (outcome.kind === "done" && commit !== undefined) {
    await parts.store.transaction(async (db) => commit(db));
  }
}

const notAShare = "Usher found no share in this mail, so there is nothing to answer.";

/** Lets the mail be read where it lies, unless it was; the outcome where that is not possible now. */
async function readHere(
  job: LeasedJob,
  signal: AbortSignal,
  parts: MailboxAnswerParts,
): Promise<JobOutcome | null> {
  const outcome = await parts.readMail(job, signal);
  if (outcome.kind !== "done") return outcome;
  const { commit } = outcome;
  if (commit !== undefined) await parts.store.transaction(async (db) => commit(db));
  return null;
}

async function giveIfMoved(
  mail: MessageRow,
  wanted: { readonly id: string; readonly answer: FolderAnswer },
  parts: MailboxAnswerParts,
): Promise<GivenAnswer | JobOutcome> {
  try {
    if (await wasMovedHere(mail, parts)) return await give(mail, wanted, parts);
  } catch (error) {
    return afterMailboxError(error);
  }
  return moveAnswered(mail, { kind: "back", notificationId: wanted.id, why: notMoved }, parts);
}

const notMoved =
  "Usher had not seen this mail in another folder, so it cannot know that you moved it here; move it once more.";

/** Gives the answer, and remembers that it was given. */
async function give(
  mail: MessageRow,
  { id, answer }: { readonly id: string; readonly answer: FolderAnswer },
  parts: MailboxAnswerParts,
): Promise<GivenAnswer> {
  const by = { by: "mailbox" };
  const answered: Answered =
    answer === "accept" ? await accept(parts, id, { ...by, password: null }) : await refuse(parts, id, by);
  const given = { answer, refusal: answered.kind === "unchanged" ? answered.why : null };
  await parts.store.transaction(async (db) =>
    closeMessage(db, mail.id, { state: "read", verdict: verdictOf(given), notificationId: id }),
  );
  return given;
}

interface Outcome {
  readonly id: string;
  readonly given: GivenAnswer;
  readonly state: NotificationState;
}

async function outcomeOf(
  mail: MessageRow,
  { id, given, state }: Outcome,
  parts: MailboxAnswerParts,
): Promise<JobOutcome> {
  const end = endOf(given.answer, state);
  switch (end) {
    case "wait":
      // planMark wakes it; this is for the case that nobody does.
      return { kind: "retry", because: "outcome open", afterMs: limits.answerLookMs, isUncounted: true };
    case "done":
      return moveAnswered(mail, { kind: "done", notificationId: id }, parts);
    case "back":
      return moveAnswered(mail, { kind: "back", notificationId: id, why: given.refusal }, parts);
    default:
      return unreachable(end);
  }
}

/** What the state of a notification means for who gave this answer. */
function endOf(answer: FolderAnswer, state: NotificationState): "wait" | "done" | "back" {
  if (answer === "decline") return state === "ignored" || state === "refused" ? "done" : "back";
  if (state === "accepted") return "wait";
  return state === "followed" ? "done" : "back";
}
