import type { Command } from "commander";
import { accept, type Answered, ignore } from "../receiving/answer.ts";
import type { Site } from "../site.ts";
import { messagesOf } from "../store/messages.ts";
import {
  listNotifications,
  type NotificationRow,
  notificationsByPrefix,
  readNotification,
  readTargets,
} from "../store/notifications.ts";
import { readRecord } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { explainLines } from "./explain.ts";
import { theOne, whenText } from "./found.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { settle } from "./settle.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

const states: readonly NotificationState[] = [
  "held",
  "accepted",
  "followed",
  "failed",
  "needs-password",
  "ignored",
  "refused",
];

export function registerNotification(program: Command, cli: Cli): void {
  const group = program.command("notification").description("share notifications found in mailboxes");
  group
    .command("list")
    .description("notifications, newest first")
    .option("--account <name>", "of one account")
    .option("--state <state>", `in one state: ${states.join(", ")}`)
    .option("--json", "as JSON")
    .action(async (options: { account?: string; state?: string } & Json) => list(cli, options));
  group
    .command("show <id>")
    .description("one notification")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => show(cli, id, options));
  group
    .command("accept <id>")
    .description("follow the share")
    .option("--password-file <file>", "guest password of the share, from a file")
    .option("--password-stdin", "guest password of the share, from standard input")
    .option("--wait", "wait until the origin has answered")
    .option("--json", "as JSON")
    .action(async (id: string, options: PasswordSource & { wait?: true } & Json) =>
      acceptOne(cli, id, options),
    );
  group
    .command("ignore <id>")
    .description("do not follow the share; its origin hears nothing")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => ignoreOne(cli, id, options));
  group
    .command("explain <id>")
    .description("the whole decision record: mails, evidence, rules, calls and answers")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => explain(cli, id, options));
}

async function list(cli: Cli, options: { account?: string; state?: string } & Json): Promise<void> {
  const state = states.find((name) => name === options.state);
  if (options.state !== undefined && state === undefined) {
    throw new CommandError(`there is no state ${options.state}; the states are ${states.join(", ")}`, 2);
  }
  await using site = await openSite(cli);
  const rows = await listNotifications(site.store.db, { account: options.account, state });
  const lines = table(
    ["id", "account", "state", "reason", "protocol", "from", "title", "origin"],
    rows.map((row) => [
      row.id,
      row.account,
      row.state,
      row.reason ?? "",
      row.protocol,
      row.sharer_address,
      row.title ?? "",
      row.origin,
    ]),
  );
  print(cli, options.json, rows.map(asJson), rows.length === 0 ? ["No notifications."] : lines);
}

async function show(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const targets = await readTargets(site.store.db, row.id);
  const mails = await messagesOf(site.store.db, row.id);
  const value = { ...asJson(row), targets, mails: mails.map(({ folder, uid }) => ({ folder, uid })) };
  print(cli, options.json, value, [
    ...table(
      ["notification", row.id],
      [
        ["state", row.reason === null ? row.state : `${row.state} (${row.reason})`],
        ["why", row.detail ?? "-"],
        ["protocol", `${row.protocol} ${row.variant}`],
        ["origin", row.origin],
        ["share", row.share_hint],
        ["sharer", `${row.sharer_name} <${row.sharer_address}>`],
        ["title", row.title ?? "-"],
        ["found", whenText(row.created_at)],
        ["mails", String(mails.length)],
        ...targets.map((target) => [
          "names",
          `${target.module ?? "?"} ${target.folder ?? "-"} ${target.item ?? ""}`,
        ]),
      ],
    ),
  ]);
}

async function acceptOne(
  cli: Cli,
  typed: string,
  options: PasswordSource & { wait?: true } & Json,
): Promise<void> {
  await using site = await openSite(cli);
  const found = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const password = await readPassword(cli, options);
  const row = planned(await accept(site, found.id, { by: "command line", password }), found.id);
  if (options.wait !== true) {
    const next =
      "The share is followed as soon as the daemon runs; usher notification show tells the outcome.";
    print(cli, options.json, { id: row.id, state: "accepted" }, [`${row.id} is accepted. ${next}`]);
    return;
  }
  await settle(cli, site, { kinds: ["follow"], subject: row.id });
  await tellOutcome(cli, site, row.id, options);
}

async function tellOutcome(cli: Cli, site: Site, id: string, options: Json): Promise<void> {
  const after = await readNotification(site.store.db, id);
  if (after === undefined) throw new CommandError(`the notification ${id} is gone: its account was removed`);
  const why = after.detail ?? after.reason ?? "";
  print(cli, options.json, asJson(after), [`${id} is ${after.state}${why === "" ? "." : `: ${why}`}`]);
  if (after.state === "followed") return;
  const wayOut =
    after.state === "needs-password" ? `; usher notification accept ${id} --password-file FILE gives it` : "";
  throw new CommandError(`${id} is not followed${wayOut}`);
}

async function ignoreOne(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const found = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const row = planned(await ignore(site, found.id, "command line"), found.id);
  print(cli, options.json, { id: row.id, state: "ignored" }, [
    `${row.id} is ignored. Its origin hears nothing.`,
  ]);
}

function planned(answered: Answered, id: string): NotificationRow {
  if (answered.kind === "planned") return answered.row;
  if (answered.kind === "not-found") throw new CommandError(`there is no notification ${id}`);
  throw new CommandError(`nothing was changed about ${id}: ${answered.why}`);
}

async function explain(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const record = await readRecord(site.store.db, row.id);
  print(cli, options.json, { ...asJson(row), record }, explainLines(row, record));
}

/** What a script may see: no sealed columns. */
function asJson(row: NotificationRow & { account?: string }): Record<string, unknown> {
  const { link_sealed: _link, password_sealed: _password, share_key: _key, ...open } = row;
  return open;
}
