import type { Command } from "commander";
import { changeAccount } from "../store/accounts.ts";
import { hostFrom, localeFrom, modulesFrom, refusalOf } from "./account-input.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";

interface ChangeOptions {
  readonly addAddress: readonly string[];
  readonly removeAddress: readonly string[];
  readonly primary?: string;
  readonly locale?: string;
  readonly module?: string;
  readonly instance?: string;
  readonly json?: true;
}

/** `usher account change`: addresses, language, modules and instance host of an account that stands. */
export function registerChange(group: Command, cli: Cli): void {
  group
    .command("change <name>")
    .description("change addresses, language, modules or instance host of an account")
    .option("--add-address <address...>", "further mail addresses", [])
    .option("--remove-address <address...>", "addresses that are no longer the account's", [])
    .option("--primary <address>", "the address that mails to the account go to")
    .option("--locale <tag>", "language of what Usher writes to the account")
    .option("--module <names>", "what the account may subscribe to, all of it")
    .option("--instance <host>", "host of its own, as usher account instance gives it")
    .option("--json", "as JSON")
    .action(async (name: string, options: ChangeOptions) => change(cli, name, options));
}

async function change(cli: Cli, name: string, options: ChangeOptions): Promise<void> {
  const { addAddress, removeAddress, primary, locale, module, instance } = options;
  if (
    addAddress.length + removeAddress.length === 0 &&
    [primary, locale, module, instance].every((one) => one === undefined)
  ) {
    throw new CommandError(
      "nothing to change was given; usher account change --help shows what can be",
      exitCodes.usage,
    );
  }
  await using site = await openSite(cli);
  const publicUrl = site.config.server?.publicUrl ?? null;
  const wanted = {
    addAddresses: addAddress,
    removeAddresses: removeAddress,
    ...(primary === undefined ? {} : { primary }),
    ...(locale === undefined ? {} : { locale: localeFrom(locale) }),
    ...(module === undefined ? {} : { modules: modulesFrom(module) }),
    ...(instance === undefined ? {} : { instanceHost: hostFrom(instance, publicUrl) }),
  };
  const account = await accountNamed(site.store.db, name);
  await site.store.transaction(async (db) => {
    const refusal = refusalOf(await changeAccount(db, account.id, wanted), name);
    if (refusal !== null) throw new CommandError(refusal);
  });
  print(cli, options.json, { id: account.id, name }, [`Account ${name} is changed.`]);
}
