import { createHash } from "node:crypto";
import { messageIdIn } from "../domain/mail.ts";
import { MailboxError } from "../mailbox/session.ts";
import { readFollowingAccount } from "../receiving/account.ts";
import { recognise } from "../receiving/recognise.ts";
import type { ReadingParts } from "../receiving/read-message.ts";
import type { Site } from "../site.ts";
import type { AccountRow } from "../store/accounts.ts";
import { type FoundMail, foundMails } from "../store/messages.ts";
import { keptEvidence } from "../store/kept-evidence.ts";
import { readRecord } from "../store/records.ts";
import { type Cli, CommandError } from "./command.ts";
import { readMailFile } from "./mail-file.ts";
import { type Outcome, outcomeOf, unchanged } from "./replay-outcome.ts";

interface Asked {
  readonly file: string;
  readonly account: AccountRow | undefined;
}

/** Judges a mail from a file again: for every account that has it, or as a new one for the account that is named. */
export async function replayFile(
  cli: Cli,
  site: Site,
  { file, account }: Asked,
  how: { readonly apply: boolean },
): Promise<readonly Outcome[]> {
  const { raw, view } = await readMailFile(cli, file);
  const messageKey = messageIdIn(view) ?? `sha256:${createHash("sha256").update(raw).digest("hex")}`;
  const known = await foundMails(site.store.db, { messageKey, accountId: account?.id });
  const mails = known.length > 0 ? known : [unknownMail(messageKey, account)];
  const { openReading } = await import("../reading.ts");
  await using reading = openReading(site, () => site.config, noMailbox);
  const outcomes: Outcome[] = [];
  for (const mail of mails) {
    const isJunkFolder = await wasJunk(site, mail);
    const seen = { mail, view, isJunkFolder, flags: [], whole: async () => raw };
    outcomes.push(await replayOne(seen, { file, mail }, reading.parts, how));
  }
  return outcomes;
}

async function replayOne(
  seen: Parameters<typeof recognise>[0],
  { file, mail }: { readonly file: string; readonly mail: ReplayedFile },
  parts: ReadingParts,
  how: { readonly apply: boolean },
): Promise<Outcome> {
  const { account: name, message_key: messageId, notification_id: notificationId } = mail;
  const replayed = { account: name, place: file, messageId, notificationId };
  const account = await readFollowingAccount(parts.store.db, mail.account_id, parts.sealer);
  if (account === undefined) return unchanged(replayed, "its account was removed");
  return outcomeOf(replayed, await recognise(seen, account, parts), parts, how);
}

type ReplayedFile = Pick<
  FoundMail,
  "account_id" | "account" | "message_key" | "notification_id" | "folder" | "uid_validity" | "uid"
> & { readonly id: string | null };

function unknownMail(messageKey: string, account: AccountRow | undefined): ReplayedFile {
  if (account === undefined) {
    throw new CommandError("no mailbox has this mail; name the account it is for with --account");
  }
  const { id, name } = account;
  const nowhere = { id: null, folder: "", uid_validity: 0, uid: 0, notification_id: null };
  return { ...nowhere, account_id: id, account: name, message_key: messageKey };
}

/** A file does not tell where its mail lay; the record does. */
async function wasJunk(site: Site, mail: ReplayedFile): Promise<boolean> {
  if (mail.notification_id === null) return false;
  const record = await readRecord(site.store.db, mail.notification_id);
  return record.some(({ kind, detail }) => {
    const { messageId, folder, uid } = detail;
    const isThis = messageId === mail.message_key && folder === mail.folder && uid === mail.uid;
    return kind === "mail" && isThis && keptEvidence(detail)?.isJunk === true;
  });
}

async function noMailbox(): Promise<never> {
  throw new MailboxError("connection-lost", "A mail from a file has no mailbox.");
}
