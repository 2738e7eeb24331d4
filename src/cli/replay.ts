import type { Command } from "commander";
import type { Site } from "../site.ts";
import { type FoundMail, foundMails } from "../store/messages.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { lookBackFrom } from "./look-back.ts";
import { replayFile } from "./replay-file.ts";
import { replayFound } from "./replay-found.ts";
import type { Outcome } from "./replay-outcome.ts";
import { openSite } from "./site.ts";

interface ReplayOptions {
  readonly messageId?: string;
  readonly since?: string;
  readonly account?: string;
  readonly apply?: true;
  readonly json?: true;
}

export function registerReplay(program: Command, cli: Cli): void {
  program
    .command("replay")
    .description("judge mails again after a change of the policy or of the software; dry unless --apply")
    .argument("[file]", "one mail (RFC 5322) as a file; - reads standard input")
    .option("--message-id <id>", "the mail with this Message-ID, read again from the mailbox")
    .option("--since <when>", "all mails found since then, read again: 30d or 2026-11-01")
    .option("--account <name>", "of this account only; needed for a file that was never found in a mailbox")
    .option("--apply", "do what the new judgement says")
    .option("--json", "as JSON")
    .action(async (file: string | undefined, options: ReplayOptions) => replay(cli, file, options));
}

async function replay(cli: Cli, file: string | undefined, options: ReplayOptions): Promise<void> {
  const sources = [file, options.messageId, options.since].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new CommandError("name one source: a file, --message-id or --since", exitCodes.usage);
  }
  await using site = await openSite(cli);
  const account =
    options.account === undefined ? undefined : await accountNamed(site.store.db, options.account);
  const how = { apply: options.apply === true };
  const outcomes =
    file === undefined
      ? await replayFound(cli, site, await mailsAsked(site, options, account?.id), how)
      : await replayFile(cli, site, { file, account }, how);
  report(cli, outcomes, options);
}

async function mailsAsked(
  site: Site,
  { messageId, since }: ReplayOptions,
  accountId: string | undefined,
): Promise<readonly FoundMail[]> {
  const messageKey = messageId === undefined ? undefined : bracketed(messageId);
  const foundSince = lookBackFrom(since === undefined ? {} : { since }, Date.now()) ?? undefined;
  const mails = await foundMails(site.store.db, { messageKey, foundSince, accountId });
  if (mails.length > 0) return mails;
  throw new CommandError("no mail that a scan found fits; usher replay FILE.eml judges a mail from a file");
}

/** Mail programs show a Message-ID with its brackets or without; a hash in its place has none. */
function bracketed(id: string): string {
  return id.startsWith("<") || id.startsWith("sha256:") ? id : `<${id}>`;
}

function report(cli: Cli, outcomes: readonly Outcome[], { apply, json }: ReplayOptions): void {
  const changed = outcomes.filter(({ hasChanged }) => hasChanged).length;
  const rows = outcomes.map((outcome) => [
    outcome.account,
    outcome.place,
    outcome.notification ?? "-",
    outcome.hasChanged ? `${outcome.before ?? "new"} -> ${outcome.after ?? "-"}` : (outcome.after ?? "-"),
    outcome.because ?? "",
  ]);
  const done = apply === true ? "changed" : "would change; --apply does it";
  const summary = changed === 0 ? "Nothing changes." : `${changed} of ${outcomes.length} ${done}.`;
  print(cli, json, { applied: apply === true, changed, mails: outcomes }, [
    ...table(["account", "mail", "notification", "state", "why"], rows),
    summary,
  ]);
}
