import { stdin } from "node:process";
import { limits } from "../domain/limits.ts";

/** Where a command reads and writes; tests give their own. */
export interface Io {
  out(line: string): void;
  err(line: string): void;
  /** Overwrites the current line of the terminal; does nothing elsewhere. */
  status(line: string): void;
  /** Width of the terminal; null where output goes to a file or pipe. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input, at most `maxBytes` of it. */
  read(maxBytes: number): Promise<Buffer>;
}

/** The streams of this process. */
export function processIo(): Io {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    status: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    },
    columns: process.stderr.isTTY ? process.stderr.columns : null,
    env: process.env,
    read: readInput,
  };
}

async function readInput(maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
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
