import type { JobOutcome } from "../jobs/queue.ts";
import { doneFolderOf, isAnswerFolder } from "../domain/answer-folders.ts";
import type { MailboxSession, NewPlace, WithSession } from "../mailbox/session.ts";
import { otherPlaces, insertMoved, parseFolders, readMailbox } from "../store/mailboxes.ts";
import { closeMessage, type MessageRow } from "../store/messages.ts";
import type { Db } from "../store/store.ts";
import { afterMailboxError } from "./mailbox-trouble.ts";
import type { ReceivingParts } from "./parts.ts";
import { planMark } from "./plan-mailbox.ts";

export interface MovingParts extends Pick<ReceivingParts, "store" | "queue"> {
  readonly withSession: WithSession;
  /**
   * Tells the account, in the transaction of the caller, why its answer changed nothing: no change of state does that.
   * The same cause is told once.
   */
  readonly explain: (
    db: Db,
    unanswered: { readonly accountId: string; readonly notificationId: string; readonly why: string },
  ) => Promise<void>;
}

/** Where a mail goes when its answer has an outcome. */
export type Destination =
  | { readonly kind: "done"; readonly notificationId: string }
  | { readonly kind: "back"; readonly notificationId: string | null; readonly why: string | null };

/** Moves the mail out of the folder for answers. A mail that is gone has been moved, by Usher or by its owner. */
export async function moveAnswered(
  mail: MessageRow,
  destination: Destination,
  parts: MovingParts,
): Promise<JobOutcome> {
  const to = destination.kind === "done" ? doneFolderOf(mail.folder) : await folderBefore(mail, parts);
  try {
    const moved = await parts.withSession(mail.mailbox_id, async (session) => move(session, mail, to));
    return { kind: "done", commit: async (db) => record(db, mail, { destination, to, moved }, parts) };
  } catch (error) {
    return afterMailboxError(error);
  }
}

async function move(
  session: MailboxSession,
  mail: MessageRow,
  to: string,
): Promise<NewPlace | "moved" | null> {
  const { uidValidity } = await session.open(mail.folder);
  return uidValidity === mail.uid_validity ? session.change.move(mail.folder, mail.uid, to) : null;
}

/** Where the mail lay before it was put here. */
async function folderBefore(mail: MessageRow, { store }: MovingParts): Promise<string> {
  const places = await otherPlaces(store.db, mail);
  const done = doneFolderOf(mail.folder);
  const before = places.find(({ folder }) => folder !== done && !isAnswerFolder(folder, mail.folder));
  if (before !== undefined) return before.folder;
  const mailbox = await readMailbox(store.db, mail.mailbox_id);
  return (mailbox === undefined ? [] : parseFolders(mailbox))[0] ?? "INBOX";
}

interface Moved {
  readonly destination: Destination;
  readonly to: string;
  readonly moved: NewPlace | "moved" | null;
}

async function record(
  db: Db,
  mail: MessageRow,
  { destination, to, moved }: Moved,
  parts: MovingParts,
): Promise<void> {
  const { notificationId } = destination;
  await closeMessage(db, mail.id, { state: "gone", verdict: `moved to ${to}`, notificationId });
  if (moved !== null && moved !== "moved") {
    const here = { ...mail, notification_id: notificationId };
    await insertMoved(db, here, { folder: to, ...moved }, Date.now());
  }
  if (notificationId === null) return;
  await planMark(db, notificationId, parts.queue);
  if (destination.kind !== "back" || destination.why === null) return;
  const accountId = mail.account_id;
  await parts.explain(db, { accountId, notificationId, why: destination.why });
}
