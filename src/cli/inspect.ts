import { open } from "node:fs/promises";
import { getSystemErrorMap } from "node:util";
import { addressKey } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import { type Inspection, shortened } from "../domain/share.ts";
import { parseMail } from "../mail/parse.ts";
import { mailReaders } from "../protocols/mail-readers.ts";
import { inspectMail } from "../receiving/inspect.ts";
import { type Cli, CommandError, print, type Register } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";

interface InspectOptions {
  readonly json?: true;
  readonly secrets?: true;
  readonly for: readonly string[];
  readonly trustAuthservId: readonly string[];
}

/** `usher inspect`: needs no configuration and no network, and changes nothing. */
export const registerInspect: Register = (program, cli) => {
  program
    .command("inspect")
    .description("show what Usher sees in one mail (RFC 5322), without configuration and network")
    .argument("<file>", "the mail; - reads standard input")
    .option("--json", "as JSON")
    .option("--secrets", "print share links and share ids whole")
    .option("--for <address>", "an address of the reader (repeatable)", collected, [])
    .option(
      "--trust-authserv-id <id>",
      "believe Authentication-Results of this id (repeatable)",
      collected,
      [],
    )
    .action(async (file: string, options: InspectOptions) => inspect(cli, file, options));
};

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function inspect(cli: Cli, file: string, options: InspectOptions): Promise<void> {
  const wrong = options.for.find((address) => addressKey(address) === null);
  if (wrong !== undefined) {
    throw new CommandError(
      `--for ${printable(wrong)} is not a mail address; give one like bob@example.org.`,
      exitCodes.usage,
    );
  }
  const mail = await readMail(cli, file);
  const inspection = inspectMail(mail, mailReaders, {
    trustedAuthservIds: options.trustAuthservId,
    forAddresses: options.for,
  });
  const shown = options.secrets === true ? inspection : withoutSecrets(inspection);
  print(cli, options.json, shown, lines(shown));
}

async function readMail(cli: Cli, file: string): Promise<MailView> {
  const name = file === "-" ? "Standard input" : printable(file);
  const bytes = file === "-" ? await cli.io.read(limits.mailPrefixBytes + 1) : await readFilePrefix(file);
  if (bytes.length === 0) throw new CommandError(`${name} is empty; give one mail (RFC 5322).`);
  const mail = await parseMail(bytes);
  if (!mail.headers.some((field) => mailFields.has(field.name))) {
    throw new CommandError(
      `${name} is not a mail: it does not begin with the header fields of one (RFC 5322).`,
    );
  }
  if (bytes.length > limits.mailPrefixBytes) {
    cli.io.err(
      `usher: note: ${name} is longer than ${limits.mailPrefixBytes / 1024} KiB; only that much was read.`,
    );
  }
  for (const problem of mail.problems) cli.io.err(`usher: note: ${printable(problem)}.`);
  return mail;
}

/** One of them is in every mail; other files of lines with colons have none. */
const mailFields: ReadonlySet<string> = new Set(["from", "to", "date", "subject", "message-id", "received"]);

/** One byte more than is looked at, so that a cut can be told. */
async function readFilePrefix(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(limits.mailPrefixBytes + 1);
    let size = 0;
    for (let more = 1; more > 0 && size < buffer.length; size += more) {
      more = (await file.read(buffer, size, buffer.length - size, null)).bytesRead;
    }
    return buffer.subarray(0, size);
  } catch (error) {
    throw new CommandError(
      `Cannot read ${printable(path)}: ${reasonOf(error)}; give the file of one mail, or - for standard input.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const errno = error instanceof Error && "errno" in error ? error.errno : undefined;
  return (typeof errno === "number" ? getSystemErrorMap().get(errno)?.[1] : undefined) ?? "unexpected fault";
}

function withoutSecrets(inspection: Inspection): Inspection {
  const { notification } = inspection;
  if (notification === null) return inspection;
  const { link, shareId } = notification;
  return {
    ...inspection,
    notification: {
      ...notification,
      link: link === null ? null : `${new URL(link).origin}/…`,
      shareId: shareId === null ? null : shortened(shareId),
    },
  };
}

function lines(inspection: Inspection): string[] {
  const rows = [
    ["verdict", inspection.verdict],
    ["because", inspection.because],
    ...notificationRows(inspection),
    ...authenticationRows(inspection),
    ...bounceRows(inspection),
  ];
  return rows.flatMap(([label, value]) =>
    typeof label === "string" && typeof value === "string" ? [`${label.padEnd(16)}${printable(value)}`] : [],
  );
}

type Rows = readonly (readonly [string, string | null])[];

function notificationRows({ notification }: Inspection): Rows {
  if (notification === null) return [];
  const { sharer } = notification;
  return [
    ["protocol", `${notification.protocol}, ${notification.variant}`],
    ["sharer", sharer.name === "" ? sharer.address : `${sharer.name} <${sharer.address}>`],
    ["title", notification.title],
    ["origin", notification.origin],
    ["recipient", notification.recipientKind],
    ["module", notification.module],
    ["folder", notification.folder],
    ["item", notification.item],
    ["share id", notification.shareId],
    ["link", notification.link],
  ];
}

function authenticationRows({ authentication, notification }: Inspection): Rows {
  const { from, dkim, spf, dmarc, authservId, trusted, linkAligned } = authentication;
  const said =
    authservId === null
      ? null
      : `dkim=${dkim ?? "-"} spf=${spf ?? "-"} dmarc=${dmarc ?? "-"} says ${authservId}`;
  return [
    ["from", from ?? "not exactly one address"],
    ["sender", trusted ? "authenticated" : "not authenticated by a trusted server"],
    ["results", said],
    ["link's domain", notification === null ? null : linkAligned ? "the sender's own" : "not the sender's"],
  ];
}

function bounceRows({ bounce }: Inspection): Rows {
  if (bounce === null) return [];
  return [
    ["recipient", bounce.recipient],
    ["action", bounce.action],
    ["status", bounce.status],
    ["message", bounce.originalMessageId],
  ];
}
