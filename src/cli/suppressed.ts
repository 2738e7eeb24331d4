import type { Command } from "commander";
import { addressKey } from "../domain/address.ts";
import { liftSuppression, suppressedAddresses } from "../store/suppressions.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

/** The commands of `usher sharing` about addresses that mail came back from. */
export function registerSuppressed(group: Command, cli: Cli): void {
  group
    .command("suppressed")
    .description("addresses that nothing is sent to for a while, because mail came back from there")
    .option("--json", "as JSON")
    .action(async (options: Json) => list(cli, options));
  group
    .command("lift <address>")
    .description("send to an address again that mail came back from")
    .option("--json", "as JSON")
    .action(async (address: string, options: Json) => lift(cli, address, options));
}

async function list(cli: Cli, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const suppressed = await suppressedAddresses(site.store.db, Date.now());
  const lines = table(
    ["address", "status", "last failure", "until"],
    suppressed.map(({ address, status, lastFailureAt, until }) => [
      address,
      status ?? "-",
      whenText(lastFailureAt),
      whenText(until),
    ]),
  );
  print(cli, options.json, suppressed, suppressed.length === 0 ? ["No address is suppressed."] : lines);
}

async function lift(cli: Cli, typed: string, options: Json): Promise<void> {
  const address = addressKey(typed);
  if (address === null) {
    throw new CommandError(`${typed} is no mail address; write it like bob@example.org`, exitCodes.usage);
  }
  await using site = await openSite(cli);
  if (!(await liftSuppression(site.store.db, address))) {
    throw new CommandError(`no mail came back from ${address}; usher sharing suppressed shows the addresses`);
  }
  print(cli, options.json, { address, lifted: true }, [
    `Mail goes to ${address} again. Whoever was not invited because of it: usher sharing resend ID`,
  ]);
}
