import type { Command } from "commander";
import type { OutboundException } from "../config/config.ts";
import { deleteHome, putHome } from "../store/accounts.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface HomeOptions extends PasswordSource, Json {
  readonly ox: string;
  readonly login: string;
}

/** The commands about an account's home server. */
export function registerHome(account: Command, cli: Cli): void {
  const group = account
    .command("home")
    .description("the account's own server, where its subscriptions can be registered");
  group
    .command("add <name>")
    .description("set the home server of an account; a former one is replaced")
    .requiredOption("--ox <url>", "OX App Suite: https://host/ajax/")
    .requiredOption("--login <name>", "login name there")
    .option("--password-file <file>", "password, from a file")
    .option("--password-stdin", "password, from standard input")
    .option("--json", "as JSON")
    .action(async (name: string, options: HomeOptions) => addHome(cli, name, options));
  group
    .command("remove <name>")
    .description("forget the home server of an account")
    .option("--json", "as JSON")
    .action(async (name: string, options: Json) => removeHome(cli, name, options));
}

async function addHome(cli: Cli, name: string, options: HomeOptions): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  const url = homeUrl(options.ox, site.config.outbound.exceptions);
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
    kind: "ox",
    base_url: url,
    login: options.login,
    password_sealed: site.sealer.seal(password, place),
  });
  print(cli, options.json, { account: name, kind: "ox", url, login: options.login }, [
    `Account ${name} is at home at ${url} as ${options.login}.`,
  ]);
}

/** The API prefix; http only where the operator has made an exception for that host. */
function homeUrl(text: string, exceptions: readonly OutboundException[]): string {
  const url = URL.parse(text);
  const isAllowed =
    url?.protocol === "https:" ||
    (url?.protocol === "http:" &&
      exceptions.some(({ scheme, host }) => scheme === "http" && host === url.hostname));
  if (url === null || !isAllowed || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new CommandError(
      `${text} is no address of an OX server; write it like https://ox.example.org/ajax/`,
      exitCodes.usage,
    );
  }
  if (url.pathname === "/") url.pathname = "/ajax/";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

async function removeHome(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  if (!(await deleteHome(site.store.db, account.id))) {
    throw new CommandError(`account ${name} has no home server`);
  }
  print(cli, options.json, { account: name, removed: true }, [
    `Account ${name} has no home server any more.`,
  ]);
}
