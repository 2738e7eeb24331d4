import type { Command } from "commander";
import { changeAccount } from "../store/accounts.ts";
import { hostFrom, refusalOf } from "./account-input.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";

interface InstanceOptions {
  readonly none?: true;
  readonly json?: true;
}

/** `usher account instance`: the host under which an account's own Cozy routes are served. */
export function registerInstance(group: Command, cli: Cli): void {
  group
    .command("instance <name> [host]")
    .description("give an account a host of its own, in whose name Cozy sharings are sent and answered")
    .option("--none", "take it away: Cozys that know it no longer reach the account")
    .option("--json", "as JSON")
    .action(async (name: string, host: string | undefined, options: InstanceOptions) =>
      setInstance(cli, { name, host }, options),
    );
}

async function setInstance(
  cli: Cli,
  { name, host }: { readonly name: string; readonly host: string | undefined },
  options: InstanceOptions,
): Promise<void> {
  if ((host === undefined) === (options.none === undefined)) {
    throw new CommandError(
      `give the host, for example ${name}.share.example.org, or --none to take it away`,
      exitCodes.usage,
    );
  }
  await using site = await openSite(cli);
  const instanceHost = host === undefined ? null : hostFrom(host, site.config.server?.publicUrl ?? null);
  const account = await accountNamed(site.store.db, name);
  await site.store.transaction(async (db) => {
    const change = { addAddresses: [], removeAddresses: [], instanceHost };
    const refusal = refusalOf(await changeAccount(db, account.id, change), name);
    if (refusal !== null) throw new CommandError(refusal);
  });
  const lines =
    instanceHost === null
      ? [`Account ${name} has no instance host any more.`]
      : [
          `Account ${name} is served at https://${instanceHost}.`,
          ...whatIsMissing(site.config.server === null),
        ];
  print(cli, options.json, { id: account.id, name, instance_host: instanceHost }, lines);
}

function whatIsMissing(isWithoutServer: boolean): readonly string[] {
  return isWithoutServer
    ? [
        "Nothing is served yet: the configuration has no server, and your reverse proxy needs one to hand this host to.",
      ]
    : ["Your reverse proxy has to hand this host to Usher, with its Host field."];
}
