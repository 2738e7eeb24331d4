import { simpleParser } from "mailparser";
import { addressOf, type World } from "../world/world.ts";

export interface ReadMail {
  readonly from: string;
  readonly subject: string;
  readonly text: string;
}

/** The newest mail in a user's INBOX, as soon as there is one. Throws when none comes within half a minute. */
export async function invitationIn(world: World, name: string): Promise<ReadMail> {
  const user = addressOf(name);
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const raw = await newest(world, user);
    if (raw !== null) {
      const mail = await simpleParser(raw);
      return { from: mail.from?.text ?? "", subject: mail.subject ?? "", text: mail.text ?? "" };
    }
  }
  throw new Error(`No mail came to ${name} within 30 s. Postfix said:\n${await world.postfix?.log()}`);
}

async function newest(world: World, user: string): Promise<string | null> {
  const uids = await world.dovecot.doveadm("fetch", "-u", user, "uid", "mailbox", "INBOX", "ALL");
  if (!uids.includes("uid:")) return null;
  const text = await world.dovecot.doveadm("fetch", "-u", user, "text", "mailbox", "INBOX", "*");
  return text.replace(/^text:\r?\n/, "");
}
