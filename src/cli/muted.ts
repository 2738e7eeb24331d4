import type { Command } from "commander";
import { addressKey } from "../domain/address.ts";
import { listMutes, unmute } from "../store/mutes.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

/** The commands of `usher sharing` about people who want no more invitations of an account. */
export function registerMuted(group: Command, cli: Cli): void {
  group
    .command("muted")
    .description("who wants no more invitations of which account")
    .option("--json", "as JSON")
    .action(async (options: Json) => list(cli, options));
  group
    .command("unmute <account> <address>")
    .description("let an account invite somebody again who asked for it")
    .option("--json", "as JSON")
    .action(async (account: string, address: string, options: Json) => lift(cli, account, address, options));
}

async function list(cli: Cli, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const mutes = await listMutes(site.store.db);
  const lines = table(
    ["account", "address", "since"],
    mutes.map(({ account, address, since }) => [account, address, whenText(since)]),
  );
  print(cli, options.json, mutes, mutes.length === 0 ? ["Nobody asked for no more invitations."] : lines);
}

async function lift(cli: Cli, name: string, typed: string, options: Json): Promise<void> {
  const address = addressKey(typed);
  if (address === null) {
    throw new CommandError(`${typed} is no mail address; write it like bob@example.org`, exitCodes.usage);
  }
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  if (!(await unmute(site.store.db, account.id, address))) {
    throw new CommandError(
      `${address} has nothing against invitations of ${name}; usher sharing muted shows who has`,
    );
  }
  print(cli, options.json, { account: name, address, unmuted: true }, [
    `${name} may invite ${address} again.`,
  ]);
}
