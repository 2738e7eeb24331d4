import type { Command } from "commander";
import { checkNow, leave } from "../receiving/answer.ts";
import {
  listSubscriptions,
  readFolders,
  readSubscription,
  subscriptionsByPrefix,
} from "../store/subscriptions.ts";
import { subscriptionView } from "../store/views.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import type { GetOptions } from "./get.ts";
import { theOne, whenText } from "./found.ts";
import { printable } from "./io.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { settle } from "./settle.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

export function registerSubscription(program: Command, cli: Cli): void {
  const group = program.command("subscription").description("shares that are followed");
  group
    .command("list")
    .description("subscriptions, newest first")
    .option("--account <name>", "of one account")
    .option("--ended", "with those that have ended")
    .option("--json", "as JSON")
    .action(async (options: { account?: string; ended?: true } & Json) => list(cli, options));
  group
    .command("show <id>")
    .description("one subscription and the folders behind it, as last seen")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => show(cli, id, options));
  group
    .command("check <id>")
    .description("look at the origin now")
    .option("--password-file <file>", "a new guest password, from a file")
    .option("--password-stdin", "a new guest password, from standard input")
    .option("--json", "as JSON")
    .action(async (id: string, options: PasswordSource & Json) => check(cli, id, options));
  group
    .command("browse <id> [path]")
    .description(
      "what lies in a folder behind the share, straight from its origin; without a path: the share itself",
    )
    .option("--json", "as JSON")
    .action(async (id: string, path: string | undefined, options: Json) => {
      await (await import("./browse.ts")).browse(cli, id, path ?? "", options);
    });
  group
    .command("get <id> <path>")
    .description("a file behind the share, straight from its origin, to standard output or into a file")
    .option("--output <file>", "write it here; never over a file that is there")
    .option("--force", "write it over a file that is there")
    .option("--range <first-last>", "only these bytes, both counted; 500- is all from byte 500 on")
    .action(async (id: string, path: string, options: GetOptions) => {
      await (await import("./get.ts")).get(cli, id, path, options);
    });
  group
    .command("remove <id>")
    .description("leave the share")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => remove(cli, id, options));
}

async function list(cli: Cli, options: { account?: string; ended?: true } & Json): Promise<void> {
  await using site = await openSite(cli);
  const rows = await listSubscriptions(site.store.db, {
    account: options.account,
    withEnded: options.ended === true,
  });
  const lines = table(
    ["id", "account", "state", "via", "title", "origin", "checked"],
    rows.map((row) => [
      row.id,
      row.account,
      row.state,
      row.via,
      row.title ?? "",
      row.origin,
      whenText(row.checked_at),
    ]),
  );
  print(cli, options.json, rows.map(subscriptionView), rows.length === 0 ? ["No subscriptions."] : lines);
}

async function show(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await subscriptionsByPrefix(site.store.db, typed), typed, "subscription");
  const folders = await readFolders(site.store.db, row.id);
  print(cli, options.json, { ...subscriptionView(row), folders }, [
    ...table(
      ["subscription", row.id],
      [
        ["state", row.reason === null ? row.state : `${row.state} (${row.reason})`],
        ["why", row.detail ?? "-"],
        ["origin", row.origin],
        ["followed by", row.via === "home" ? "the account's home server" : "Usher"],
        ["as", row.guest ?? "-"],
        ["notification", row.notification_id],
        ["checked", whenText(row.checked_at)],
        ["next check", whenText(row.next_check_at)],
        ...(row.failing_since === null ? [] : [["failing since", whenText(row.failing_since)]]),
        ...folders.map((folder) => ["folder", folderText(folder)]),
      ],
    ),
  ]);
}

async function check(cli: Cli, typed: string, options: PasswordSource & Json): Promise<void> {
  await using site = await openSite(cli);
  const found = theOne(await subscriptionsByPrefix(site.store.db, typed), typed, "subscription");
  if (found.ended_at !== null) {
    throw new CommandError(
      `${found.id} has ended (${found.state}) and cannot be checked; accept its notification again`,
    );
  }
  await checkNow(site, found.id, await readPassword(cli, options));
  await settle(cli, site, { kinds: ["check-subscription"], subject: found.id });
  const row = (await readSubscription(site.store.db, found.id)) ?? found;
  const folders = await readFolders(site.store.db, row.id);
  print(cli, options.json, { ...subscriptionView(row), folders }, [
    `${row.id} is ${row.state}${row.detail === null ? "." : `: ${row.detail}`}`,
    ...folders.map((folder) => `  ${printable(folderText(folder))}`),
    ...(row.state === "CREDENTIALS_REFRESH"
      ? [`Give the new guest password: usher subscription check ${row.id} --password-file FILE`]
      : []),
  ]);
}

function folderText(folder: { title: string; module: string; entries: number }): string {
  return `${folder.title} (${folder.module}, ${folder.entries} ${folder.entries === 1 ? "entry" : "entries"})`;
}

async function remove(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const found = theOne(await subscriptionsByPrefix(site.store.db, typed), typed, "subscription");
  if (found.ended_at !== null) throw new CommandError(`${found.id} has ended already (${found.state})`);
  await leave(site, found.id, "command line");
  await settle(cli, site, { kinds: ["leave"], subject: found.id });
  const row = (await readSubscription(site.store.db, found.id)) ?? found;
  const ending = row.ended_at === null ? "is being left; the other server has not answered yet" : "is left";
  print(cli, options.json, subscriptionView(row), [`${row.id} ${ending}.`]);
}
