import type { Command } from "commander";
import { limits } from "../domain/limits.ts";
import { createSharing } from "../sharing/create.ts";
import { planningParts } from "../sharing-parts.ts";
import { readRecipients } from "../store/invited.ts";
import { isServing } from "../store/instance-lock.ts";
import { listSharings } from "../store/sharings.ts";
import { sharingSummaryView } from "../store/views.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { whenText } from "./found.ts";
import { registerMuted } from "./muted.ts";
import { registerActs } from "./sharing-acts.ts";
import { problemLines } from "./sharing-problems.ts";
import { registerInvite } from "./sharing-invite.ts";
import { registerFederate } from "./sharing-federate.ts";
import { registerCozy } from "./sharing-cozy.ts";
import { registerShow } from "./sharing-show.ts";
import { sharingMs } from "./sharing-time.ts";
import { sendingLines, watchSending } from "./sharing-watch.ts";
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
  readonly expires?: string;
  readonly to: readonly string[];
  readonly wait?: true;
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
    .option("--locale <tag>", "language of the invitation: en, de, es or fr (default: the account's)")
    .option("--expires <time>", "how long it is shared, for example 14d (default: as the site says)")
    .requiredOption("--to <address...>", "whom to invite; may be given several times")
    .option("--wait", "wait until the mails are sent, and show how they get on")
    .option("--json", "as JSON")
    .action(async (options: CreateOptions) => create(cli, options));
  group
    .command("list")
    .description("sharings, newest first")
    .option("--account <name>", "of one account")
    .option("--json", "as JSON")
    .action(async (options: { account?: string } & Json) => list(cli, options));
  registerShow(group, cli);
  registerActs(group, cli);
  registerMuted(group, cli);
  registerSuppressed(group, cli);
  registerInvite(group, cli);
  registerFederate(group, cli);
  registerCozy(group, cli);
}

async function create(cli: Cli, options: CreateOptions): Promise<void> {
  const forMs = options.expires === undefined ? null : sharingMs(options.expires);
  await using site = await openSite(cli);
  const link =
    options.link === "-" ? (await cli.io.read(limits.urlChars + 1)).toString("utf8") : options.link;
  const created = await createSharing(
    planningParts(site, () => site.config),
    {
      account: options.account,
      title: options.title,
      link,
      message: options.message ?? null,
      locale: options.locale ?? null,
      to: options.to,
      expiresAtMs: forMs === null ? null : Date.now() + forMs,
      by: "command line",
      key: null,
    },
  );
  if (created.kind === "refused") {
    if (options.json === true) cli.io.out(JSON.stringify(created));
    throw new CommandError(["nothing is shared:", ...problemLines(created.problems)].join("\n"));
  }
  const { id } = created;
  const sent = options.wait === true ? sendingLines(await watchSending(cli, site, id)) : null;
  const recipients = await readRecipients(site.store.db, id);
  const later = (await isServing(site.config.store.file)) ? [] : ["They go out as soon as usher serve runs."];
  print(cli, options.json, { id, recipients }, [
    `${id} invites ${recipients.length} ${recipients.length === 1 ? "person" : "people"}.`,
    ...(sent ?? later),
    `See what becomes of it: usher sharing show ${id}`,
  ]);
}

async function list(cli: Cli, options: { account?: string } & Json): Promise<void> {
  await using site = await openSite(cli);
  const sharings = await listSharings(site.store.db, { account: options.account });
  const lines = table(
    ["id", "account", "title", "recipients", "sent", "not sent", "created", "ends"],
    sharings.map((row) => [
      row.id,
      row.account,
      row.title,
      String(row.recipients),
      String(row.sent),
      String(row.notSent),
      whenText(row.created_at),
      row.revoked_at === null ? whenText(row.expires_at) : "has ended",
    ]),
  );
  print(
    cli,
    options.json,
    sharings.map(sharingSummaryView),
    sharings.length === 0 ? ["No sharings."] : lines,
  );
}
