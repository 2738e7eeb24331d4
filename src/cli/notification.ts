import type { Command } from "commander";
import { messagesOf } from "../store/messages.ts";
import {
  listNotifications,
  notificationsByPrefix,
  notificationStates,
  readTargets,
} from "../store/notifications.ts";
import { readRecord } from "../store/records.ts";
import { notificationView } from "../store/views.ts";
import { acceptOne, type AcceptOptions, ignoreOne, refuseOne } from "./answer.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { explainLines } from "./explain.ts";
import { addOne } from "./notification-add.ts";
import { theOne, whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

export function registerNotification(program: Command, cli: Cli): void {
  const group = program.command("notification").description("share notifications found in mailboxes");
  group
    .command("list")
    .description("notifications, newest first")
    .option("--account <name>", "of one account")
    .option("--state <state>", `in one state: ${notificationStates.join(", ")}`)
    .option("--json", "as JSON")
    .action(async (options: { account?: string; state?: string } & Json) => list(cli, options));
  group
    .command("show <id>")
    .description("one notification")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => show(cli, id, options));
  group
    .command("explain <id>")
    .description("the whole decision record: mails, evidence, rules, calls and answers")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => explain(cli, id, options));
  registerAnswers(group, cli);
}

function registerAnswers(group: Command, cli: Cli): void {
  group
    .command("add <account> <invitation>")
    .description(
      "hold an invitation from another cloud that came by no mail: its link, code or invite string",
    )
    .option("--json", "as JSON")
    .action(async (account: string, pasted: string, options: Json) =>
      addOne(cli, { account, pasted }, options),
    );
  group
    .command("accept <id>")
    .description("follow the share")
    .option("--password-file <file>", "guest password of the share, from a file")
    .option("--password-stdin", "guest password of the share, from standard input")
    .option("--trust", "trust this sender from now on; counts only where he was authenticated")
    .option("--notify", "tell the account the outcome by mail")
    .option("--wait", "wait until the origin has answered")
    .option("--json", "as JSON")
    .action(async (id: string, options: AcceptOptions) => acceptOne(cli, id, options));
  group
    .command("ignore <id>")
    .description("do not follow the share; its origin hears nothing")
    .option("--notify", "tell the account by mail")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => ignoreOne(cli, id, options));
  group
    .command("refuse <id>")
    .description(
      "tell the origin that the share is not wanted; where it cannot be told, the share is ignored",
    )
    .option("--notify", "tell the account by mail")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => refuseOne(cli, id, options));
}

async function list(cli: Cli, options: { account?: string; state?: string } & Json): Promise<void> {
  const state = notificationStates.find((name) => name === options.state);
  if (options.state !== undefined && state === undefined) {
    throw new CommandError(
      `there is no state ${options.state}; the states are ${notificationStates.join(", ")}`,
      2,
    );
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
  print(cli, options.json, rows.map(notificationView), rows.length === 0 ? ["No notifications."] : lines);
}

async function show(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const targets = await readTargets(site.store.db, row.id);
  const mails = await messagesOf(site.store.db, row.id);
  const value = {
    ...notificationView(row),
    targets,
    mails: mails.map(({ folder, uid }) => ({ folder, uid })),
  };
  print(cli, options.json, value, [
    ...table(
      ["notification", row.id],
      [
        ["state", row.reason === null ? row.state : `${row.state} (${row.reason})`],
        ["why", row.detail ?? "-"],
        ["protocol", `${row.protocol} ${row.variant}`],
        ["origin", row.origin === "" ? "not told by the mail" : row.origin],
        ["share", row.share_hint === "" ? "-" : row.share_hint],
        ["sharer", `${row.sharer_name} <${row.sharer_address}>`],
        ["title", row.title ?? "-"],
        ["found", whenText(row.created_at)],
        ...(row.state === "held" ? [["held until", whenText(row.expires_at)]] : []),
        ["mails", String(mails.length)],
        ...targets.map((target) => [
          "names",
          `${target.module ?? "?"} ${target.folder ?? "-"} ${target.item ?? ""}`,
        ]),
      ],
    ),
  ]);
}

async function explain(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification");
  const record = await readRecord(site.store.db, row.id);
  print(cli, options.json, { ...notificationView(row), record }, explainLines(row, record));
}
