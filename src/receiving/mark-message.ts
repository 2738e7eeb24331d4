import type { Worker } from "../jobs/queue.ts";
import type { MailboxSession, WithSession } from "../mailbox/session.ts";
import { setMark } from "../store/mailboxes.ts";
import { type MessageRow, readMessage } from "../store/messages.ts";
import { readNotification } from "../store/notifications.ts";
import type { NotificationState } from "../store/schema.ts";
import { afterMailboxError } from "./mailbox-trouble.ts";
import type { ReceivingParts } from "./parts.ts";

/** The keyword that shows each state (RFC 9051 section 2.3.2); mail programs can make labels of them. */
const keywordOf: Readonly<Record<NotificationState, string>> = {
  held: "$UsherHeld",
  "needs-password": "$UsherHeld",
  accepted: "$UsherAccepted",
  followed: "$UsherFollowed",
  failed: "$UsherFailed",
  ignored: "$UsherIgnored",
  refused: "$UsherIgnored",
};
const keywords: readonly string[] = [...new Set(Object.values(keywordOf))];

export interface MarkingParts extends Pick<ReceivingParts, "store"> {
  readonly withSession: WithSession;
  /** Whether mails get keywords at all. */
  readonly keywords: () => boolean;
}

/** The worker that lets a mail's keyword show the state of its notification. What cannot be marked is left alone. */
export function createMarkMessage(parts: MarkingParts): Worker {
  return async (job) => {
    const mail = await readMessage(parts.store.db, job.subject);
    if (!parts.keywords() || mail === undefined || mail.notification_id === null) return { kind: "done" };
    const notification = await readNotification(parts.store.db, mail.notification_id);
    if (notification === undefined) return { kind: "done" };
    const mark = keywordOf[notification.state];
    if (mail.mark === mark) return { kind: "done" };
    try {
      const isMarked = await parts.withSession(mail.mailbox_id, async (session) => show(session, mail, mark));
      return isMarked ? { kind: "done", commit: async (db) => setMark(db, mail.id, mark) } : { kind: "done" };
    } catch (error) {
      // A mailbox that may not be changed shows nothing; that is no trouble for anybody.
      const outcome = afterMailboxError(error);
      return outcome.kind === "park" ? { kind: "done" } : outcome;
    }
  };
}

/** False where the mail is gone, or the server keeps no keywords. */
async function show(session: MailboxSession, mail: MessageRow, mark: string): Promise<boolean> {
  const { uidValidity } = await session.open(mail.folder);
  if (uidValidity !== mail.uid_validity || (await session.flags(mail.uid)) === null) return false;
  const remove = keywords.filter((keyword) => keyword !== mark);
  return session.change.keywords(mail.folder, mail.uid, { add: [mark], remove });
}
