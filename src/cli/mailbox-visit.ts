import { connectMailbox } from "../mailbox/imap-session.ts";
import { targetOf } from "../mailbox/mailbox-row.ts";
import { type ScannedFolder, scanMailbox } from "../mailbox/scan-mailbox.ts";
import { MailboxError, type MailboxSession } from "../mailbox/session.ts";
import type { Site } from "../site.ts";
import { isServing } from "../store/instance-lock.ts";
import { type NamedMailbox, parseFolders } from "../store/mailboxes.ts";
import { mailboxOf } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { type LookBack, lookBackFrom } from "./look-back.ts";
import { createProgressView, scanDescribed } from "./progress.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

/** `usher mailbox test`: connects, and shows each folder. */
export async function testMailbox(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const mailbox = await mailboxOf(site.store.db, name);
  const { stop } = cli.io.signals();
  await visit(site, mailbox, stop, async (session) => {
    const { tls, hasIdle } = session.features;
    const folders = [];
    for (const folder of parseFolders(mailbox)) folders.push({ folder, ...(await session.open(folder)) });
    print(cli, options.json, { account: name, ok: true, tls, hasIdle, folders }, [
      `Logged in to ${mailbox.server} as ${mailbox.login}${tls === null ? " WITHOUT TLS" : ` over ${tls}`}.`,
      hasIdle
        ? "New mail is announced at once (IDLE)."
        : "The server has no IDLE: new mail is found by polling.",
      ...folders.map(({ folder, exists }) => `Folder ${folder}: ${exists} mails.`),
    ]);
  });
}

/** `usher mailbox scan`: scans all folders, then reads what was found. */
export async function scanOnce(cli: Cli, name: string, options: LookBack & Json): Promise<void> {
  const since = lookBackFrom(options, Date.now());
  await using site = await openSite(cli);
  const mailbox = await mailboxOf(site.store.db, name);
  const { accountRules } = await import("../rooms.ts");
  const { stop } = cli.io.signals();
  const progress = createProgressView(cli.io, Date.now, scanDescribed);
  await visit(site, mailbox, stop, async (session) => {
    const folders = await scanMailbox({
      store: site.store,
      session,
      mailbox,
      rules: await accountRules(site, () => site.config)(mailbox.account_id),
      ...(since === undefined ? {} : { since }),
      signal: stop,
      clock: Date.now,
      onProgress: (step) => progress.show(step),
    }).finally(() => progress.end());
    const isComplete = !stop.aborted && folders.every(({ next }) => next === null);
    if (isComplete) await readFound(site, mailbox, session, stop);
    print(cli, options.json, { account: name, isComplete, folders }, scanLines(folders));
    if (!isComplete) throw new CommandError("stopped before the end; the next scan goes on from here");
  });
}

function scanLines(folders: readonly ScannedFolder[]): string[] {
  return folders.flatMap(({ folder, seen, found, refusedUids }) => {
    const line = `${folder}: ${seen} mails looked at, ${found} of them new and worth reading.`;
    if (refusedUids.length === 0) return [line];
    return [line, `${folder}: the server did not show ${refusedUids.length} mails; they were passed over.`];
  });
}

/** A daemon reads found mails by itself; where none serves, they are read here. */
async function readFound(
  site: Site,
  mailbox: NamedMailbox,
  session: MailboxSession,
  stop: AbortSignal,
): Promise<void> {
  if (await isServing(site.store.file)) return;
  const { createReading } = await import("../reading.ts");
  const lending = serially(session);
  await using reading = createReading(
    site,
    () => site.config,
    async (id, use) => {
      if (id === mailbox.id) return lending(use);
      throw new MailboxError("connection-lost", "Only the mailbox that is scanned is connected.");
    },
  );
  await site.queue.drain(reading.workers, { kinds: ["read-message"], lane: `mailbox/${mailbox.id}` }, stop);
}

/** Lends a session to one user after the other. */
export function serially(
  session: MailboxSession,
): <T>(use: (session: MailboxSession) => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (use) => {
    const turn = last.then(async () => use(session));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Does something over a connection of its own; a MailboxError becomes a message for a person. */
export async function visit(
  site: Site,
  mailbox: NamedMailbox,
  stop: AbortSignal,
  work: (session: MailboxSession) => Promise<void>,
): Promise<void> {
  try {
    const target = targetOf(mailbox, site.config.mailServers, site.sealer);
    const dialling = new AbortController();
    const giveUp = (): void => dialling.abort();
    stop.addEventListener("abort", giveUp);
    await using session = await connectMailbox(target, dialling.signal);
    // From here on a stop ends between two batches, and with LOGOUT.
    stop.removeEventListener("abort", giveUp);
    await work(session);
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    throw new CommandError(`mailbox of ${mailbox.account}: ${error.message} [${error.reason}]`);
  }
}
