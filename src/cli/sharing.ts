import type { Command } from "commander";
import { limits } from "../domain/limits.ts";
import { createSharing } from "../sharing/create.ts";
import { isServing } from "../store/instance-lock.ts";
import { type InvitedRecipient, readRecipients } from "../store/invited.ts";
import { listSharings, sharingsByPrefix } from "../store/sharings.ts";
import { planningParts } from "../sharing-parts.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { theOne, whenText } from "./found.ts";
import { openSite } from "./site.ts";
import { registerSuppressed } from "./suppressed.ts";

interface Json {
  readonly json?: true;
}

interface CreateOptions extends Json {
  readonly account: string;
  readonly title: string;
  readonly link: string;
  readonly message?: string;
  readonly locale?: string;
  readonly to: readonly string[];
}

export function registerSharing(program: Command, cli: Cli): void {
  const group = program.command("sharing").description("shares that accounts of this site offer to others");
  group
    .command("create")
    .description("invite people to a share by mail")
    .requiredOption("--account <name>", "the account that shares")
    .requiredOption("--title <text>", "what is shared")
    .requiredOption("--link <url>", "where it is, https; - reads it from standard input")
    .option("--message <text>", "some words for the people invited")
    .option("--locale <tag>", "language of the invitation: en, de or fr (default: the account's)")
    .requiredOption("--to <address...>", "whom to invite; may be given several times")
    .option("--json", "as JSON")
    .action(async (options: CreateOptions) => create(cli, options));
  group
    .command("list")
    .description("sharings, newest first")
    .option("--account <name>", "of one account")
    .option("--json", "as JSON")
    .action(async (options: { account?: string } & Json) => list(cli, options));
  group
    .command("show <id>")
    .description("one sharing and what became of each recipient")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => show(cli, id, options));
  registerSuppressed(group, cli);
}

async function create(cli: Cli, options: CreateOptions): Promise<void> {
  await using site = await openSite(cli);
  const link =
    options.link === "-" ? (await cli.io.read(limits.urlChars + 1)).toString("utf8") : options.link;
  const parts = planningParts(site, () => site.config);
  const created = await createSharing(parts, {
    account: options.account,
    title: options.title,
    link,
    message: options.message ?? null,
    locale: options.locale ?? null,
    to: options.to,
    expiresAtMs: null,
    by: "command line",
    key: null,
  });
  if (created.kind === "refused") {
    if (options.json === true) cli.io.out(JSON.stringify(created));
    const details = created.problems.map(({ because, detail }) => `  ${because}: ${detail}`);
    throw new CommandError(["nothing is shared:", ...details].join("\n"));
  }
  const recipients = await readRecipients(site.store.db, created.id);
  const later = (await isServing(site.config.store.file)) ? [] : ["They go out as soon as usher serve runs."];
  print(cli, options.json, { id: created.id, recipients }, [
    `${created.id} invites ${recipients.length} ${recipients.length === 1 ? "person" : "people"}.`,
    ...later,
    `See what becomes of it: usher sharing show ${created.id}`,
  ]);
}

async function list(cli: Cli, options: { account?: string } & Json): Promise<void> {
  await using site = await openSite(cli);
  const sharings = await listSharings(site.store.db, { account: options.account });
  const open = sharings.map(({ link_sealed: _link, ...row }) => row);
  const lines = table(
    ["id", "account", "title", "recipients", "sent", "not sent", "created"],
    open.map((row) => [
      row.id,
      row.account,
      row.title,
      String(row.recipients),
      String(row.sent),
      String(row.notSent),
      whenText(row.created_at),
    ]),
  );
  print(cli, options.json, open, open.length === 0 ? ["No sharings."] : lines);
}

async function show(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await sharingsByPrefix(site.store.db, typed), typed, "sharing");
  const recipients = await readRecipients(site.store.db, row.id);
  const { link_sealed: _link, ...open } = row;
  print(cli, options.json, { ...open, recipients }, [
    ...table(
      ["sharing", row.id],
      [
        ["account", row.account],
        ["title", row.title],
        ["created", whenText(row.created_at)],
      ],
    ),
    "",
    ...table(
      ["recipient", "state", "mail", "tries", "sent", "Message-ID", "last reply"],
      recipients.map(recipientLine),
    ),
  ]);
}

function recipientLine(recipient: InvitedRecipient): readonly string[] {
  return [
    recipient.address,
    recipient.reason === null ? recipient.state : `${recipient.state} (${recipient.reason})`,
    recipient.mail,
    String(recipient.attempts),
    whenText(recipient.sentAt),
    recipient.messageId,
    recipient.reply ?? "-",
  ];
}
