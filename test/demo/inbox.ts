import { simpleParser } from "mailparser";
import { addressOf, type World } from "../world/world.ts";

export interface ReadMail {
  readonly from: string;
  readonly subject: string;
  readonly text: string;
}

/** The mails in the INBOX of NAME@recipient.example. */
export async function mailsTo(world: World, name: string): Promise<readonly ReadMail[]> {
  const user = addressOf(name);
  const uids = await world.dovecot.doveadm("search", "-u", user, "mailbox", "INBOX", "ALL");
  const mails: ReadMail[] = [];
  for (const line of uids.split("\n").filter((each) => each !== "")) {
    const uid = line.split(" ").at(-1) ?? "";
    const found = await world.dovecot.doveadm("fetch", "-u", user, "text", "mailbox", "INBOX", "uid", uid);
    const mail = await simpleParser(found.replace(/^text:\r?\n/, ""));
    mails.push({ from: mail.from?.text ?? "", subject: mail.subject ?? "", text: mail.text ?? "" });
  }
  return mails;
}
