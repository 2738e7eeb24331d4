import { isAnswerFolder } from "../domain/answer-folders.ts";
import { limits } from "../domain/limits.ts";
import { MailboxError, type MailboxSession } from "../mailbox/session.ts";
import { movedVerdict, otherPlaces } from "../store/mailboxes.ts";
import type { MessageRow } from "../store/messages.ts";
import type { MovingParts } from "./move-answered.ts";

/**
 * Whether the account itself put the mail into the folder for answers. Many mail servers deliver to
 * `alice+Shares/Accept@` straight into that folder: a stranger could accept in her name. Only a mail counts that Usher saw
 * in another folder before, and that is there no longer; and not one that came after that, which a stranger sent again
 * when its owner had put the first away. Throws MailboxError.
 */
export async function wasMovedHere(
  mail: MessageRow,
  { store, withSession }: Pick<MovingParts, "store" | "withSession">,
): Promise<boolean> {
  const places = await otherPlaces(store.db, mail);
  const elsewhere = places.filter(({ folder }) => !isAnswerFolder(folder, mail.folder));
  // Where it lay before Usher itself moved it last, it was long missing.
  const lastMove = elsewhere.findIndex(({ verdict }) => verdict === movedVerdict);
  const before = lastMove === -1 ? elsewhere : elsewhere.slice(0, lastMove + 1);
  if (before.length === 0) return false;
  return withSession(mail.mailbox_id, async (session) => {
    const cameAt = await receivedAt(session, mail);
    if (cameAt === null) return false;
    const seenThen = before.filter(({ found_at: seenAt }) => cameAt <= seenAt + limits.answerClockMs);
    for (const place of seenThen) if (await hasLeft(session, place)) return true;
    return false;
  });
}

async function receivedAt(session: MailboxSession, mail: MessageRow): Promise<number | null> {
  const { uidValidity } = await session.open(mail.folder);
  return uidValidity === mail.uid_validity ? session.receivedAt(mail.uid) : null;
}

async function hasLeft(session: MailboxSession, place: MessageRow): Promise<boolean> {
  if (place.state === "gone") return true;
  try {
    const { uidValidity } = await session.open(place.folder);
    return uidValidity === place.uid_validity && (await session.flags(place.uid)) === null;
  } catch (error) {
    if (error instanceof MailboxError && error.reason === "no-such-folder") return true;
    throw error;
  }
}
