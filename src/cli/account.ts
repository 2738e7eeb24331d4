import type { Command } from "commander";
import type { Config } from "../config/config.ts";
import { tellOfRemoval } from "../sharing/end-sent-shares.ts";
import { ocmSiteUrl } from "../federation/site-url.ts";
import { writeOcmAddress } from "../protocols/ocm/address.ts";
import {
  type AccountAddressRow,
  type AccountRow,
  deleteAccount,
  insertAccount,
  listAccounts,
  listAddresses,
  listHomes,
} from "../store/accounts.ts";
import { newId } from "../store/ids.ts";
import { listMailboxes } from "../store/mailboxes.ts";
import { registerHome } from "./account-home.ts";
import { registerChange } from "./account-change.ts";
import { registerInstance } from "./account-instance.ts";
import { hostFrom, localeFrom, modulesFrom, refusalOf } from "./account-input.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface AddOptions extends Json {
  readonly address: readonly string[];
  readonly locale: string;
  readonly module: string;
  readonly instance?: string;
}

export function registerAccount(program: Command, cli: Cli): void {
  const group = program.command("account").description("the users of this installation");
  group
    .command("add <name>")
    .description("add an account")
    .requiredOption("--address <address...>", "mail address; the first one is the primary address")
    .option("--locale <tag>", "language of what Usher writes to the account", "en")
    .option("--module <names>", "what the account may subscribe to", "files,calendar,contacts,tasks")
    .option("--instance <host>", "host of its own, as usher account instance gives it")
    .option("--json", "as JSON")
    .action(async (name: string, options: AddOptions) => add(cli, name, options));
  group
    .command("list")
    .description("accounts by name")
    .option("--json", "as JSON")
    .action(async (options: Json) => list(cli, options));
  group
    .command("show <name>")
    .description("one account with its addresses, instance host, mailbox and home server")
    .option("--json", "as JSON")
    .action(async (name: string, options: Json) => show(cli, name, options));
  group
    .command("remove <name>")
    .description("remove an account with its mailbox, notifications, subscriptions and sharings")
    .option("--yes", "really")
    .option("--json", "as JSON")
    .action(async (name: string, options: { yes?: true } & Json) => remove(cli, name, options));
  registerChange(group, cli);
  registerHome(group, cli);
  registerInstance(group, cli);
}

async function add(cli: Cli, name: string, options: AddOptions): Promise<void> {
  // The name becomes part of addresses and host names.
  if (!/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new CommandError(
      `${name} cannot be an account's name; use up to 63 lower-case letters, digits, dots, dashes and underscores`,
      exitCodes.usage,
    );
  }
  await using site = await openSite(cli);
  const publicUrl = site.config.server?.publicUrl ?? null;
  const account = {
    id: newId("a"),
    name,
    locale: localeFrom(options.locale),
    modules: modulesFrom(options.module),
    addresses: options.address,
    ...(options.instance === undefined ? {} : { instanceHost: hostFrom(options.instance, publicUrl) }),
    createdAt: Date.now(),
  };
  await site.store.transaction(async (db) => {
    const refusal = refusalOf(await insertAccount(db, account), name);
    if (refusal !== null) throw new CommandError(refusal);
  });
  const { id, addresses } = account;
  print(cli, options.json, { id, name, addresses }, [
    `Account ${name} added. Next: usher mailbox add ${name} --server ... --login ...`,
  ]);
}

async function list(cli: Cli, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const { db } = site.store;
  const addresses = await listAddresses(db);
  const mailboxes = await listMailboxes(db);
  const accounts = (await listAccounts(db)).map((account) => ({
    ...accountView(account, addresses),
    mailbox: mailboxes.find(({ account_id: id }) => id === account.id)?.state ?? null,
  }));
  const lines = table(
    ["account", "addresses", "locale", "modules", "mailbox"],
    accounts.map((account) => [
      account.name,
      account.addresses.join(", "),
      account.locale,
      account.modules.join(","),
      account.mailbox ?? "none",
    ]),
  );
  const none = ["No accounts; add one: usher account add NAME --address ADDRESS"];
  print(cli, options.json, accounts, accounts.length === 0 ? none : lines);
}

async function show(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const { db } = site.store;
  const account = await accountNamed(db, name);
  const homes = await listHomes(db, account.id);
  const [mailbox] = await listMailboxes(db, account.id);
  const view = {
    ...accountView(account, await listAddresses(db, account.id)),
    ocm_address: ocmAddress(name, site.config),
    homes: homes.map(({ kind, base_url: url, login }) => ({ kind, url, login })),
    mailbox:
      mailbox === undefined
        ? null
        : {
            server: mailbox.server,
            login: mailbox.login,
            state: mailbox.state,
            reason: mailbox.state_reason,
          },
  };
  const rows = [
    ["account", view.name],
    ["addresses", view.addresses.join(", ")],
    ["locale", view.locale],
    ["modules", view.modules.join(", ")],
    ["address for other clouds", view.ocm_address ?? "none, because nothing is served"],
    ["instance host", view.instance_host ?? "none"],
    ["home servers", view.homes.length === 0 ? "none" : view.homes.map(homeText).join(", ")],
    ["mailbox", view.mailbox === null ? "none" : mailboxText(view.mailbox)],
  ];
  print(cli, options.json, view, table([], rows).slice(1));
}

/** Under which servers of Open Cloud Mesh share with the account; null where they find nothing. */
function ocmAddress(name: string, config: Config): string | null {
  const site = ocmSiteUrl(config);
  return site === null ? null : writeOcmAddress({ identifier: name, host: new URL(site).host });
}

function homeText({ kind, url, login }: { kind: string; url: string; login: string }): string {
  return `${kind} ${url} as ${login}`;
}

function mailboxText(mailbox: {
  server: string;
  login: string;
  state: string;
  reason: string | null;
}): string {
  const reason = mailbox.reason === null ? "" : `: ${mailbox.reason}`;
  return `${mailbox.login} at ${mailbox.server}, ${mailbox.state}${reason}`;
}

async function remove(cli: Cli, name: string, options: { yes?: true } & Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  if (options.yes !== true) {
    throw new CommandError(
      `this removes account ${name} with everything that belongs to it; add --yes if you mean it`,
      exitCodes.usage,
    );
  }
  await site.store.transaction(async (db) => {
    await tellOfRemoval(db, account.id, site.queue);
    await deleteAccount(db, account.id);
  });
  print(cli, options.json, { id: account.id, removed: true }, [`Account ${name} removed.`]);
}

interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly modules: readonly string[];
  readonly addresses: readonly string[];
  readonly instance_host: string | null;
}

function accountView(account: AccountRow, addresses: readonly AccountAddressRow[]): AccountView {
  const modules: unknown = JSON.parse(account.modules_json);
  return {
    id: account.id,
    name: account.name,
    locale: account.locale,
    modules: Array.isArray(modules) ? modules.map(String) : [],
    addresses: addresses.filter(({ account_id: id }) => id === account.id).map(({ address }) => address),
    instance_host: account.instance_host,
  };
}
