import { MailboxError } from "../mailbox/session.ts";
import { readAt, type ReadingParts } from "../receiving/read-message.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { Site } from "../site.ts";
import { listMailboxes, type NamedMailbox } from "../store/mailboxes.ts";
import type { FoundMail } from "../store/messages.ts";
import { type Cli, CommandError } from "./command.ts";
import { serially, visit } from "./mailbox-visit.ts";
import { type Outcome, outcomeOf, unchanged } from "./replay-outcome.ts";

interface How {
  readonly apply: boolean;
}

/** Reads mails again from where scans found them, and judges them again; one mailbox after the other. */
export async function replayFound(
  cli: Cli,
  site: Site,
  mails: readonly FoundMail[],
  how: How,
): Promise<readonly Outcome[]> {
  const mailboxes = await listMailboxes(site.store.db);
  const outcomes: Outcome[] = [];
  for (const mailbox of mailboxes) {
    const mine = mails.filter(({ mailbox_id: id }) => id === mailbox.id);
    if (mine.length > 0) outcomes.push(...(await replayIn(cli, site, { mailbox, mails: mine }, how)));
  }
  return outcomes;
}

async function replayIn(
  cli: Cli,
  site: Site,
  { mailbox, mails }: { readonly mailbox: NamedMailbox; readonly mails: readonly FoundMail[] },
  how: How,
): Promise<readonly Outcome[]> {
  const { openReading } = await import("../reading.ts");
  const outcomes: Outcome[] = [];
  const { stop } = cli.io.signals();
  await visit(site, mailbox, stop, async (session) => {
    const lending = serially(session);
    await using reading = openReading(
      site,
      () => site.config,
      async (id, use) => {
        if (id === mailbox.id) return lending(use);
        throw new MailboxError("connection-lost", "Only the mailbox that is replayed is connected.");
      },
    );
    for (const mail of mails) {
      if (stop.aborted) throw new CommandError("stopped; what was judged stays, and can be judged again");
      outcomes.push(await replayOne(mail, reading.parts, how));
    }
  });
  return outcomes;
}

async function replayOne(mail: FoundMail, parts: ReadingParts, how: How): Promise<Outcome> {
  const { account, folder, uid, message_key: messageId, notification_id: notificationId } = mail;
  const replayed = { account, place: `${folder} ${uid}`, messageId, notificationId };
  const reading = await readAt(mail, { headersOnly: false }, parts);
  switch (reading.kind) {
    case "share":
    case "nothing":
      return outcomeOf(replayed, reading, parts, how);
    case "gone":
      return unchanged(replayed, `it no longer lies there: ${reading.because}`);
    case "not-now":
      throw new CommandError(`the mailbox of ${account} cannot be read now: ${reading.because}; try again`);
    case "no-account":
      return unchanged(replayed, "its account was removed");
    default:
      return unreachable(reading);
  }
}
