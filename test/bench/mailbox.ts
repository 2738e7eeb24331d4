import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import { simpleParser } from "mailparser";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import { scanMailbox } from "../../src/mailbox/scan-mailbox.ts";
import { mailServer, type MailWorld, passwordTarget, startMailWorld } from "../mailbox/world.ts";
import { openMailStore, shareField } from "../mailbox/store-world.ts";
import { type Dovecot, dovecotPassword } from "../world/dovecot.ts";
import type { Own } from "../world/curtain.ts";
import { type Contest, rateOf } from "./measure.ts";
import { ordinaryMail } from "./ordinary-mail.ts";

const mails = 5000;
const shares = 50;
const user = "bob";

/** A whole mailbox of a real Dovecot: TLS, store and cursor included. */
export async function mailboxContests(own: Own): Promise<readonly Contest[]> {
  const world = await own(startMailWorld);
  await fill(world.dovecot);
  return [
    {
      name: `Scanning a mailbox of ${mails} mails of 20 kB`,
      unit: "mails/s",
      goal: 3,
      rounds: 3,
      ours: async () => scanWhole(world),
      baseline: { name: "fetching and parsing every source", rate: async () => readWhole(world) },
    },
  ];
}

async function scanWhole(world: MailWorld): Promise<number> {
  await using mailStore = await openMailStore();
  const mailbox = await mailStore.addMailbox(user);
  await using session = await connectMailbox(target(world), AbortSignal.timeout(120_000));
  return await rateOf(mails, async () => {
    const [folder] = await scanMailbox({
      ...mailStore,
      session,
      mailbox,
      signal: AbortSignal.timeout(120_000),
      clock: Date.now,
      onProgress: () => undefined,
    });
    expectAll(folder?.seen, folder?.found);
  });
}

async function readWhole(world: MailWorld): Promise<number> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: world.dovecot.ports.imaps,
    secure: true,
    tls: { ca: world.ca },
    auth: { user, pass: dovecotPassword },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen("INBOX", { readOnly: true });
  const rate = await rateOf(mails, async () => {
    let seen = 0;
    let found = 0;
    for await (const { source } of client.fetch("1:*", { source: true })) {
      const { headers } = await simpleParser(source ?? "");
      seen += 1;
      if (headers.has(shareField.toLowerCase())) found += 1;
    }
    expectAll(seen, found);
  });
  await client.logout();
  return rate;
}

function target(world: MailWorld) {
  return passwordTarget(mailServer(world, { tls: "implicit" }), user);
}

function expectAll(seen: number | undefined, found: number | undefined): void {
  if (seen === mails && found === shares) return;
  throw new Error(`${seen} of ${mails} mails were seen, ${found} of ${shares} shares were found.`);
}

/** Straight into the Maildir, as its owner: LMTP would take half a minute. */
async function fill({ directory }: Dovecot): Promise<void> {
  const folder = join(directory, "mail", user, "Maildir", "cur");
  const { uid, gid } = await stat(join(directory, "mail"));
  for (const below of [join(directory, "mail", user), join(folder, ".."), folder]) {
    await mkdir(below, { mode: 0o700 });
    await chown(below, uid, gid);
  }
  for (let number = 1; number <= mails; number += 1) {
    const isShare = number % (mails / shares) === 0;
    const fields = isShare ? [`${shareField}: https://ox.example.org/ajax/share/${number}`] : [];
    const file = join(folder, `${1_700_000_000 + number}.M${number}.bench:2,`);
    await writeFile(file, ordinaryMail(number, fields));
    await chown(file, uid, gid);
  }
}
