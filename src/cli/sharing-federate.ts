import type { Command } from "commander";
import { federatingParts } from "../federating-parts.ts";
import { createFederated } from "../federation/sent/create.ts";
import { readRecipients } from "../store/invited.ts";
import { isServing } from "../store/instance-lock.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { readPassword } from "./password.ts";
import { problemLines } from "./sharing-problems.ts";
import { sharingMs } from "./sharing-time.ts";
import { openSite } from "./site.ts";

interface FederateOptions {
  readonly title: string;
  readonly webdav: string;
  readonly login?: string;
  readonly secretFile?: string;
  readonly secretStdin?: true;
  readonly to: readonly string[];
  readonly write?: true;
  readonly share?: true;
  readonly file?: true;
  readonly folder?: true;
  readonly exchangeToken?: true;
  readonly expires?: string;
  readonly json?: true;
}

/** `usher sharing federate`: what an application holds, shared with people at other clouds (Open Cloud Mesh). */
export function registerFederate(group: Command, cli: Cli): void {
  group
    .command("federate <account>")
    .description("share a file or folder with people at Nextcloud, OpenCloud and other clouds")
    .requiredOption("--title <text>", "its name in their clouds: report.pdf, Reports")
    .requiredOption("--webdav <url>", "where it is by WebDAV, https; a folder's ends with a slash")
    .option("--login <name>", "login there; left out, the secret is a bearer token")
    .option("--secret-file <file>", "password or token, from a file")
    .option("--secret-stdin", "password or token, from standard input")
    .requiredOption("--to <address...>", "user@host of each recipient; may be given several times")
    .option("--write", "they may change it")
    .option("--share", "they may share it further")
    .option("--file", "it is a file, whatever the address ends with")
    .option("--folder", "it is a folder, whatever the address ends with")
    .option("--exchange-token", "only for servers that exchange the secret of a share for short-lived tokens")
    .option("--expires <time>", "how long it is shared, for example 14d (default: as the site says)")
    .option("--json", "as JSON")
    .action(async (account: string, options: FederateOptions) => federate(cli, account, options));
}

async function federate(cli: Cli, account: string, options: FederateOptions): Promise<void> {
  const forMs = options.expires === undefined ? null : sharingMs(options.expires);
  const resourceType = typeFrom(options);
  await using site = await openSite(cli);
  const secret = await readPassword(cli, {
    ...(options.secretFile === undefined ? {} : { passwordFile: options.secretFile }),
    ...(options.secretStdin === undefined ? {} : { passwordStdin: options.secretStdin }),
  });
  if (secret === null) {
    throw new CommandError("the secret is missing; give --secret-file or --secret-stdin", exitCodes.usage);
  }
  const request = {
    account,
    title: options.title,
    webdav: options.webdav,
    login: options.login ?? null,
    secret,
    resourceType,
    to: options.to,
    mayWrite: options.write === true,
    mayShare: options.share === true,
    mustExchange: options.exchangeToken === true,
    expiresAtMs: forMs === null ? null : Date.now() + forMs,
    by: "command line",
    key: null,
  };
  const parts = federatingParts(site, () => site.config);
  const created = await site.store.transaction(async (db) => createFederated(db, request, parts));
  if (created.kind === "refused") {
    if (options.json === true) cli.io.out(JSON.stringify(created));
    throw new CommandError(["nothing is shared:", ...problemLines(created.problems)].join("\n"));
  }
  const { id } = created;
  const recipients = await readRecipients(site.store.db, id);
  const later = (await isServing(site.config.store.file))
    ? []
    : ["Their servers are asked as soon as usher serve runs."];
  print(cli, options.json, { id, recipients }, [
    `${id} shares with ${recipients.length} ${recipients.length === 1 ? "person" : "people"}.`,
    ...later,
    `See what becomes of it: usher sharing show ${id}`,
  ]);
}

function typeFrom({ file, folder }: FederateOptions): "file" | "folder" | null {
  if (file === true && folder === true) {
    throw new CommandError(
      "it is either a file or a folder; give one of --file and --folder",
      exitCodes.usage,
    );
  }
  if (file === true) return "file";
  return folder === true ? "folder" : null;
}
