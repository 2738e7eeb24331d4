import type { JobQueue, NewJob } from "../jobs/queue.ts";
import type { FolderAnswer } from "../domain/answer-folders.ts";
import { type FoundMessage, mailsThere } from "../store/mailboxes.ts";
import type { MessageRow } from "../store/messages.ts";
import type { Db } from "../store/store.ts";

/**
 * Plans what the mailbox shows of a notification, in the transaction that changes its state: the keywords of its mails,
 * and where those lie that were put into a folder for answers.
 */
export async function planMark(db: Db, notificationId: string, queue: JobQueue): Promise<void> {
  for (const mail of await mailsThere(db, notificationId)) {
    await queue.enqueue(db, jobOn(mail, "mark-message", "mark"));
    const given = givenAnswer(mail);
    if (given !== null) await queue.enqueue(db, answerJob(mail, given.answer));
  }
}

/** Plans what follows from mails that an account put into a folder for answers, in the transaction that records them. */
export async function planAnswers(
  db: Db,
  found: readonly FoundMessage[],
  answer: FolderAnswer,
  queue: JobQueue,
): Promise<void> {
  for (const mail of found) await queue.enqueue(db, answerJob(mail, answer));
}

function answerJob(mail: Pick<MessageRow, "id" | "mailbox_id">, answer: FolderAnswer): NewJob {
  return { ...jobOn(mail, "read-answer", "answer"), payload: { answer } };
}

function jobOn(mail: Pick<MessageRow, "id" | "mailbox_id">, kind: NewJob["kind"], key: string): NewJob {
  return { kind, subject: mail.id, lane: `mailbox/${mail.mailbox_id}`, uniqueKey: `${key}/${mail.id}` };
}

/** An answer that was given by moving a mail, until the mail is moved on. */
export interface GivenAnswer {
  readonly answer: FolderAnswer;
  /** Why it changed nothing, for a person; null where it did. */
  readonly refusal: string | null;
}

/** How the answer is remembered in the verdict on its mail. */
export function verdictOf({ answer, refusal }: GivenAnswer): string {
  return refusal === null ? `answer: ${answer}` : `answer: ${answer}: ${refusal}`;
}

/** The answer that was given with this mail; null for none. */
export function givenAnswer({ verdict }: Pick<MessageRow, "verdict">): GivenAnswer | null {
  const found = /^answer: (accept|decline)(?:: (.*))?$/s.exec(verdict ?? "");
  if (found === null) return null;
  return { answer: found[1] === "accept" ? "accept" : "decline", refusal: found[2] ?? null };
}
