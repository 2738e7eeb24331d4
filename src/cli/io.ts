import { once } from "node:events";
import { stdin } from "node:process";
import { limits } from "../domain/limits.ts";
import { exitCodes } from "./exit-codes.ts";

/** Where a command reads and writes; tests give their own. */
export interface Io {
  out(line: string): void;
  err(line: string): void;
  /** Bytes as they are, at the pace of whoever takes them. */
  outBytes(chunk: Uint8Array): Promise<void>;
  /** Overwrites the current line of the terminal; does nothing elsewhere. */
  status(line: string): void;
  /** Width of the terminal; null where output goes to a file or pipe. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the process is told from outside; listening begins with the first call. */
  signals(): Signals;
  /** Standard input, at most `maxBytes` of it. */
  read(maxBytes: number): Promise<Buffer>;
}

/** SIGTERM and SIGINT ask for an orderly stop, a second one ends at once (exit code 70); SIGHUP asks for a reload. */
export interface Signals {
  readonly stop: AbortSignal;
  onReload(listener: () => void): void;
}

/** The streams of this process. */
export function processIo(): Io {
  // Who reads may stop reading (`usher … | head`): then there is nobody to tell.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit());
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    outBytes: async (chunk) => {
      if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    },
    status: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    },
    columns: process.stderr.isTTY ? process.stderr.columns : null,
    env: process.env,
    signals: listenForSignals,
    read: readInput,
  };
}

function listenForSignals(): Signals {
  const stop = new AbortController();
  function ask(): void {
    if (stop.signal.aborted) process.exit(exitCodes.forcedStop);
    stop.abort();
    setTimeout(() => process.exit(exitCodes.forcedStop), limits.stopForcedMs).unref();
  }
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, ask);
  return { stop: stop.signal, onReload: (listener) => void process.on("SIGHUP", listener) };
}

async function readInput(maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const input: AsyncIterable<Uint8Array> = stdin;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

/** Removes control characters from text of other people before it reaches a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, limits.messageChars);
}
