import type { Command } from "commander";
import { loginFault } from "../mailbox/imap-target.ts";
import { mailboxPasswordPlace, targetOf } from "../mailbox/mailbox-row.ts";
import type { Site } from "../site.ts";
import { newId } from "../store/ids.ts";
import {
  deleteMailbox,
  insertMailbox,
  listMailboxes,
  type MailboxRow,
  parseFolders,
  saveCondition,
} from "../store/mailboxes.ts";
import { accountNamed, mailboxOf } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { type LookBack, lookBackFrom } from "./look-back.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface AddOptions extends PasswordSource, LookBack, Json {
  readonly server: string;
  readonly login: string;
  readonly master?: true;
  readonly folder?: readonly string[];
}

export function registerMailbox(program: Command, cli: Cli): void {
  const group = program.command("mailbox").description("the mailboxes that Usher watches");
  group
    .command("add <account>")
    .description("watch the mailbox of an account")
    .requiredOption("--server <name>", "mail server, as named under mailServers in the configuration")
    .requiredOption("--login <name>", "login name of the mailbox")
    .option("--master", "log in as the mail server's master user")
    .option("--password-file <file>", "password of the mailbox, from a file")
    .option("--password-stdin", "password of the mailbox, from standard input")
    .option("--folder <folder...>", "folders to watch, the first one closest (default: INBOX)")
    .option("--since <time>", "look at mail received since, for example 30d or 2026-11-01")
    .option("--all", "look at all mail")
    .option("--json", "as JSON")
    .action(async (account: string, options: AddOptions) => add(cli, account, options));
  group
    .command("test <account>")
    .description("connect to the mailbox and show what is seen there; changes nothing")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => {
      const { testMailbox } = await import("./mailbox-visit.ts");
      await testMailbox(cli, account, options);
    });
  group
    .command("scan <account>")
    .description("look for share notifications now")
    .option("--since <time>", "look again at mail received since, for example 30d or 2026-11-01")
    .option("--all", "look again at all mail")
    .option("--json", "as JSON")
    .action(async (account: string, options: LookBack & Json) => {
      const { scanOnce } = await import("./mailbox-visit.ts");
      await scanOnce(cli, account, options);
    });
  registerRowCommands(group, cli);
}

function registerRowCommands(group: Command, cli: Cli): void {
  group
    .command("list")
    .description("mailboxes with their state")
    .option("--json", "as JSON")
    .action(async (options: Json) => list(cli, options));
  group
    .command("enable <account>")
    .description("connect again to a mailbox that was disabled or waits")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => enable(cli, account, options));
  group
    .command("remove <account>")
    .description("stop watching the mailbox of an account; its notifications and subscriptions stay")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => remove(cli, account, options));
}

async function add(cli: Cli, name: string, options: AddOptions): Promise<void> {
  const now = Date.now();
  const lookBack = lookBackFrom(options, now);
  await using site = await openSite(cli);
  const { db } = site.store;
  const account = await accountNamed(db, name);
  if ((await listMailboxes(db, account.id)).length > 0) {
    throw new CommandError(`account ${name} has a mailbox already; usher mailbox remove ${name} makes room`);
  }
  const id = newId("b");
  const password = await readCredentials(cli, site, options);
  const mailbox: MailboxRow = {
    id,
    account_id: account.id,
    server: options.server,
    login: options.login,
    auth: password === null ? "master" : "password",
    password_sealed: password === null ? null : site.sealer.seal(password, mailboxPasswordPlace(id)),
    folders_json: JSON.stringify([...new Set(options.folder ?? ["INBOX"])]),
    look_back_from: lookBack === undefined ? now - site.config.mailbox.lookBackMs : lookBack,
    state: "active",
    state_reason: null,
    auth_failures: 0,
    first_auth_failure_at: null,
    progress_at: null,
    created_at: now,
  };
  const fault = loginFault(targetOf(mailbox, site.config.mailServers, site.sealer));
  if (fault !== null) throw new CommandError(fault, exitCodes.usage);
  await insertMailbox(db, mailbox);
  const folders = parseFolders(mailbox);
  print(cli, options.json, { id, account: name, server: mailbox.server, login: mailbox.login, folders }, [
    `Mailbox of ${name} added. Try it: usher mailbox test ${name}`,
  ]);
}

/** The password, or null for a login as master user. Throws CommandError where neither or both were given. */
async function readCredentials(cli: Cli, site: Site, options: AddOptions): Promise<string | null> {
  const { mailServers } = site.config;
  const server = Object.hasOwn(mailServers, options.server) ? mailServers[options.server] : undefined;
  if (server === undefined) {
    const known = Object.keys(mailServers).toSorted().join(", ");
    const wayOut =
      known === "" ? "none is configured; add one under mailServers" : `configured are: ${known}`;
    throw new CommandError(`there is no mail server ${options.server}; ${wayOut}`);
  }
  const password = await readPassword(cli, options);
  if ((password === null) !== (options.master === true)) {
    throw new CommandError("give one of --master, --password-file and --password-stdin", exitCodes.usage);
  }
  if (password === null && server.masterUser === null) {
    throw new CommandError(
      `mail server ${options.server} has no masterUser in the configuration; add one, or give a password`,
    );
  }
  return password;
}

async function list(cli: Cli, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const mailboxes = (await listMailboxes(site.store.db)).map((row) => ({
    id: row.id,
    account: row.account,
    server: row.server,
    login: row.login,
    auth: row.auth,
    folders: parseFolders(row),
    state: row.state,
    reason: row.state_reason,
    authFailures: row.auth_failures,
    progressAt: row.progress_at,
  }));
  const lines = table(
    ["account", "server", "login", "folders", "state", "last seen", "reason"],
    mailboxes.map((row) => [
      row.account,
      row.server,
      row.login,
      row.folders.join(", "),
      row.state,
      whenText(row.progressAt),
      row.reason ?? "",
    ]),
  );
  const none = ["No mailboxes; add one: usher mailbox add ACCOUNT --server SERVER --login LOGIN"];
  print(cli, options.json, mailboxes, mailboxes.length === 0 ? none : lines);
}

async function enable(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const { id } = await mailboxOf(site.store.db, name);
  await saveCondition(site.store.db, id, {
    state: "active",
    reason: null,
    authFailures: 0,
    firstAuthFailureAt: null,
    progressAt: null,
  });
  print(cli, options.json, { id, account: name, state: "active" }, [
    `Mailbox of ${name} enabled; a running daemon connects within seconds.`,
  ]);
}

async function remove(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const { id } = await mailboxOf(site.store.db, name);
  await deleteMailbox(site.store.db, id);
  print(cli, options.json, { id, account: name, removed: true }, [`Mailbox of ${name} removed.`]);
}
