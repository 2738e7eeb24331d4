import type { Command } from "commander";
import { loadAccountRules } from "../config/load-rules.ts";
import { problemLines } from "../config/problem.ts";
import { ruleWarnings } from "../config/warnings.ts";
import type { Rule } from "../domain/policy.ts";
import { readAccountRules, writeAccountRules } from "../store/account-rules.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";
import { testPolicy, type TestOptions } from "./policy-test.ts";
import { ruleLine, writtenRule } from "./rule-text.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

export function registerPolicy(program: Command, cli: Cli): void {
  const group = program.command("policy").description("rules that decide about notifications");
  group
    .command("test <file>")
    .description("which rule decides about a mail, and why the ones before do not; changes and asks nothing")
    .requiredOption("--for <address>", "an address of the reader")
    .option("--account <name>", "the account whose rules, contacts and subscriptions count")
    .option("--folder <folder>", "where the mail lies", "INBOX")
    .option("--json", "as JSON")
    .action(async (file: string, options: TestOptions) => testPolicy(cli, file, options));
  group
    .command("show [account]")
    .description("the rules in force, in the order in which they are asked")
    .option("--json", "as JSON")
    .action(async (account: string | undefined, options: Json) => show(cli, account, options));
  group
    .command("set <account> <file>")
    .description("give an account rules of its own, from a YAML file with the key policy")
    .option("--json", "as JSON")
    .action(async (account: string, file: string, options: Json) => set(cli, { account, file }, options));
  group
    .command("clear <account>")
    .description("remove the rules of an account; the site's rules remain")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => clear(cli, account, options));
}

async function show(cli: Cli, name: string | undefined, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = name === undefined ? undefined : await accountNamed(site.store.db, name);
  const own = account === undefined ? [] : await readAccountRules(site.store.db, account.id);
  const { policy, notifications } = site.config;
  const value = {
    account: own.map(writtenRule),
    site: policy.map(writtenRule),
    notify: notifications.notify,
  };
  print(cli, options.json, value, [
    ...own.map((rule, index) => ruleLine({ of: "account", rule: index + 1 }, rule)),
    ...policy.map((rule, index) => ruleLine({ of: "site", rule: index + 1 }, rule)),
    `else: hold${notifications.notify ? ", and the account hears of it" : ""}`,
  ]);
}

async function set(
  cli: Cli,
  { account: name, file }: { readonly account: string; readonly file: string },
  options: Json,
): Promise<void> {
  await using site = await openSite(cli);
  const loaded = await loadAccountRules(file);
  if (!loaded.ok) {
    const lines = problemLines(loaded.problems);
    throw new CommandError(`${printable(file)} cannot be used:\n${lines.join("\n")}`, exitCodes.config);
  }
  const account = await accountNamed(site.store.db, name);
  await writeAccountRules(site.store.db, account.id, loaded.rules);
  const warnings = warningsAbout(loaded.rules, site.config);
  for (const warning of warnings) cli.io.err(`usher: note: ${warning}`);
  print(cli, options.json, { account: name, rules: loaded.rules.map(writtenRule), warnings }, [
    `${name} has ${loaded.rules.length} rules of its own; they come before the site's. What waits: usher replay --since`,
  ]);
}

function warningsAbout(rules: readonly Rule[], config: Parameters<typeof ruleWarnings>[1]): string[] {
  return ruleWarnings(rules, config).map(({ message, remedy }) => `${message} ${remedy}`);
}

async function clear(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  await writeAccountRules(site.store.db, account.id, null);
  print(cli, options.json, { account: name, rules: [] }, [
    `${name} has no rules of its own any more; the site's rules remain.`,
  ]);
}
