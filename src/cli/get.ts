import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { link, lstat, rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { OutboundError } from "../http/outbound.ts";
import type { OpenedFile, WantedFile } from "../protocols/protocol.ts";
import { behindSubscription, refusal } from "./browse.ts";
import { type Cli, CommandError } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";

export interface GetOptions {
  readonly output?: string;
  readonly range?: string;
  readonly force?: true;
}

type Write = (chunk: Uint8Array) => Promise<void>;

const statusEveryMs = 200;

/** `usher subscription get ID PATH`: streams one file, or one range of it, to standard output or into a file. */
export async function get(cli: Cli, typed: string, path: string, options: GetOptions): Promise<void> {
  const range = options.range === undefined ? null : parseRange(options.range);
  const { output, force = false } = options;
  if (output !== undefined && !force && (await exists(output))) throw alreadyThere(output);
  const { stop } = cli.io.signals();
  await behindSubscription(cli, typed, async (behind, id) => {
    const reply = await behind.open(id, { path, range }, stop);
    if (reply.kind !== "opened") throw refusal(reply);
    await using file = reply;
    if (range !== null && file.range === null) {
      throw new CommandError("the origin gives no part of this file; get it whole, without --range");
    }
    const copy = async (write: Write): Promise<number> => copyAll(cli, file, write);
    if (output === undefined) await copy(async (chunk) => cli.io.outBytes(chunk));
    else cli.io.err(`${output}: ${await intoFile(output, force, copy)} bytes.`);
  });
}

function parseRange(text: string): WantedFile["range"] {
  const [, first, last] = /^(\d{1,15})-(\d{0,15})$/.exec(text) ?? [];
  const range = { first: Number(first), last: last === "" ? null : Number(last) };
  if (first === undefined || (range.last !== null && range.last < range.first)) {
    throw new CommandError(
      `--range ${text}: give the first and the last byte, as in 0-499, or the first alone, as in 500-`,
      exitCodes.usage,
    );
  }
  return range;
}

/** Gives the bytes that came. Throws CommandError where they are not all that was announced. */
async function copyAll(cli: Cli, file: OpenedFile, write: Write): Promise<number> {
  const bytes = file.range === null ? file.sizeBytes : file.range.last - file.range.first + 1;
  let came = 0;
  let shownAt = 0;
  try {
    for await (const chunk of file.body) {
      await write(chunk);
      came += chunk.byteLength;
      if (performance.now() - shownAt < statusEveryMs) continue;
      shownAt = performance.now();
      cli.io.status(statusLine(cli, file.name, came, bytes));
    }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    throw new CommandError(`the file broke off after ${came} bytes (${error.reason}); get it again`);
  } finally {
    cli.io.status("");
  }
  if (bytes === null || came === bytes) return came;
  throw new CommandError(`${came} bytes came where ${bytes} were announced; get it again`);
}

function statusLine(cli: Cli, name: string, came: number, bytes: number | null): string {
  const share = bytes === null || bytes === 0 ? "" : ` (${Math.floor((came * 100) / bytes)} %)`;
  const of = bytes === null ? "" : ` of ${bytes.toLocaleString("en")}`;
  return `${printable(name)}: ${came.toLocaleString("en")}${of} bytes${share}`.slice(
    0,
    (cli.io.columns ?? 80) - 1,
  );
}

/**
 * Writes beside the wanted name and takes that name only when everything is there, so that no part passes for the
 * whole; what broke off is removed. Files are for their owner alone, as the share is.
 */
async function intoFile(
  output: string,
  force: boolean,
  copy: (write: Write) => Promise<number>,
): Promise<number> {
  // A name that nobody else writes to: what is taken in the end is what was written here.
  const part = `${output}.${randomBytes(6).toString("hex")}.part`;
  const stream = createWriteStream(part, { flags: "wx", mode: 0o600, flush: true });
  const written = finished(stream);
  // Seen below; a rejection in between must not end the process.
  written.catch(() => undefined);
  try {
    const bytes = await copy(async (chunk) => {
      if (!stream.write(chunk)) await Promise.race([once(stream, "drain"), written]);
    });
    stream.end();
    await written;
    await takeName(part, output, force);
    return bytes;
  } catch (error) {
    stream.destroy();
    throw isFileError(error) ? new CommandError(`${output} cannot be written: ${error.code}`) : error;
  } finally {
    await rm(part, { force: true });
  }
}

async function takeName(part: string, output: string, force: boolean): Promise<void> {
  if (force) return rename(part, output);
  try {
    // Unlike a rename, a link never replaces what came to be there meanwhile.
    await link(part, output);
  } catch (error) {
    if (await exists(output)) throw alreadyThere(output);
    // Some file systems have no links.
    if (isFileError(error)) await rename(part, output);
    else throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

function alreadyThere(output: string): CommandError {
  return new CommandError(`${output} is there already; name another file, or say --force`);
}

function isFileError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
