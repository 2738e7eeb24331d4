import { type Command, Option } from "commander";
import type { OutboundException } from "../config/config.ts";
import { type HomeKind, homeKinds } from "../domain/home.ts";
import { readFollowingAccount } from "../receiving/account.ts";
import { deleteHomes, putHome } from "../store/accounts.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

type Addresses = { readonly [Kind in HomeKind]?: string };
interface HomeOptions extends Addresses, PasswordSource, Json {
  readonly login: string;
}

interface OfKind extends Json {
  readonly kind?: HomeKind;
}

/** The commands about an account's home servers. */
export function registerHome(account: Command, cli: Cli): void {
  const group = account
    .command("home")
    .description("the account's own servers, where its subscriptions can be registered");
  group
    .command("add <name>")
    .description("set a home server of an account; a former one of its kind is replaced")
    .option("--ox <url>", "OX App Suite: https://host/ajax/")
    .option("--nextcloud <url>", "Nextcloud: https://host, with an app password")
    .option("--owncloud <url>", "ownCloud 10: https://host, with an app password")
    .option("--opencloud <url>", "OpenCloud or oCIS: https://host, with an app password")
    .requiredOption("--login <name>", "login name there")
    .option("--password-file <file>", "password, from a file")
    .option("--password-stdin", "password, from standard input")
    .option("--json", "as JSON")
    .action(async (name: string, options: HomeOptions) => addHome(cli, name, options));
  group
    .command("test <name>")
    .description("ask the home servers of an account whether they take login and password")
    .addOption(ofKind("this one only"))
    .option("--json", "as JSON")
    .action(async (name: string, options: OfKind) => testHomes(cli, name, options));
  group
    .command("remove <name>")
    .description("forget the home servers of an account")
    .addOption(ofKind("this one only"))
    .option("--json", "as JSON")
    .action(async (name: string, options: OfKind) => removeHomes(cli, name, options));
}

function ofKind(description: string): Option {
  return new Option("--kind <kind>", description).choices(homeKinds);
}

async function addHome(cli: Cli, name: string, options: HomeOptions): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  const { kind, address } = serverIn(options);
  const url = homeUrl(kind, address, site.config.outbound.exceptions);
  const password = await readPassword(cli, options);
  if (password === null) {
    throw new CommandError(
      "the password is missing; give --password-file or --password-stdin",
      exitCodes.usage,
    );
  }
  const place = { table: "account_home", row: account.id, column: "password_sealed" };
  await putHome(site.store.db, {
    account_id: account.id,
    kind,
    base_url: url,
    login: options.login,
    password_sealed: site.sealer.seal(password, place),
  });
  print(cli, options.json, { account: name, kind, url, login: options.login }, [
    `Account ${name} is at home at ${url} as ${options.login}. Try it: usher account home test ${name}`,
  ]);
}

function serverIn(options: Addresses): { readonly kind: HomeKind; readonly address: string } {
  const given = homeKinds.flatMap((kind) => {
    const address = options[kind];
    return address === undefined ? [] : [{ kind, address }];
  });
  const [one] = given;
  if (one !== undefined && given.length === 1) return one;
  const names = homeKinds.map((kind) => `--${kind}`).join(", ");
  throw new CommandError(`name one server, by one of ${names}`, exitCodes.usage);
}

const examples: Readonly<Record<HomeKind, string>> = {
  ox: "an OX server; write it like https://ox.example.org/ajax/",
  nextcloud: "a Nextcloud; write it like https://cloud.example.org",
  owncloud: "an ownCloud; write it like https://cloud.example.org",
  opencloud: "an OpenCloud; write it like https://cloud.example.org",
};

/**
 * OX: the API prefix; else the address without a slash at the end. http only where the operator has made an exception for
 * that host.
 */
function homeUrl(kind: HomeKind, text: string, exceptions: readonly OutboundException[]): string {
  const url = URL.parse(text);
  if (url === null || !isPlain(url) || !isReachable(url, exceptions)) {
    throw new CommandError(`${text} is no address of ${examples[kind]}`, exitCodes.usage);
  }
  if (kind !== "ox") return url.href.replace(/\/+$/, "");
  if (url.pathname === "/") url.pathname = "/ajax/";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

function isPlain({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].every((part) => part === "");
}

function isReachable({ protocol, hostname }: URL, exceptions: readonly OutboundException[]): boolean {
  if (protocol === "https:") return true;
  return (
    protocol === "http:" && exceptions.some(({ scheme, host }) => scheme === "http" && host === hostname)
  );
}

async function testHomes(cli: Cli, name: string, options: OfKind): Promise<void> {
  await using site = await openSite(cli);
  const { id } = await accountNamed(site.store.db, name);
  const account = await readFollowingAccount(site.store.db, id, site.sealer);
  const homes = (account?.homes ?? []).filter(({ kind }) => (options.kind ?? kind) === kind);
  if (homes.length === 0) throw noHome(name, options.kind);
  const { createOrigins } = await import("../origins.ts");
  await using origins = createOrigins(site, () => site.config);
  const tested = [];
  for (const home of homes) {
    const ask = { signal: AbortSignal.timeout(testMs), record: () => {} };
    const result = await origins.testHome(home, ask);
    const { kind, baseUrl: url } = home;
    tested.push({ kind, url, isWell: result.kind === "well", detail: result.detail });
  }
  const lines = tested.map(
    ({ kind, url, isWell, detail }) => `${kind} ${url}: ${isWell ? "well, " : ""}${detail}`,
  );
  print(cli, options.json, tested, lines);
  if (tested.some(({ isWell }) => !isWell)) {
    throw new CommandError(`not every home server of account ${name} can be used`);
  }
}

/** A login and one request, each within the bounds of the way out. */
const testMs = 60_000;

function noHome(name: string, kind: HomeKind | undefined): CommandError {
  return new CommandError(
    `account ${name} has no ${kind === undefined ? "" : `${kind} `}home server; add one: usher account home add ${name} --help`,
  );
}

async function removeHomes(cli: Cli, name: string, options: OfKind): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  if (!(await deleteHomes(site.store.db, account.id, options.kind ?? null))) throw noHome(name, options.kind);
  print(cli, options.json, { account: name, removed: true }, [
    options.kind === undefined
      ? `Account ${name} has no home server any more.`
      : `Account ${name} has no ${options.kind} home server any more.`,
  ]);
}
