import { open } from "node:fs/promises";
import { getSystemErrorMap } from "node:util";
import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import { parseMail } from "../mail/parse.ts";
import { type Cli, CommandError } from "./command.ts";
import { printable } from "./io.ts";

export interface MailFile {
  /** At most limits.mailPrefixBytes of it. */
  readonly raw: Buffer;
  readonly view: MailView;
}

/**
 * Reads one mail from a file, or from standard input for `-`. Tells on standard error what could not be read. Throws
 * CommandError where it is none.
 */
export async function readMailFile(cli: Cli, file: string): Promise<MailFile> {
  const name = file === "-" ? "Standard input" : printable(file);
  const raw = file === "-" ? await cli.io.read(limits.mailPrefixBytes + 1) : await readFilePrefix(file);
  if (raw.length === 0) throw new CommandError(`${name} is empty; give one mail (RFC 5322).`);
  const view = await parseMail(raw);
  if (!view.headers.some((field) => mailFields.has(field.name))) {
    throw new CommandError(
      `${name} is not a mail: it does not begin with the header fields of one (RFC 5322).`,
    );
  }
  if (raw.length > limits.mailPrefixBytes) {
    cli.io.err(
      `usher: note: ${name} is longer than ${limits.mailPrefixBytes / 1024} KiB; only that much was read.`,
    );
  }
  for (const problem of view.problems) cli.io.err(`usher: note: ${printable(problem)}.`);
  return { raw, view };
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
