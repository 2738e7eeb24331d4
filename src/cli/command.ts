import type { Command } from "commander";
import type { Io } from "./io.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";

/** What every command group is given. */
export interface Cli {
  readonly io: Io;
  /** The configuration file: `--config`, else $USHER_CONFIG, else /etc/usher/usher.yaml. */
  configFile(): string;
}

/** Adds the commands of one group to the program. */
export type Register = (program: Command, cli: Cli) => void;

/** Ends a command with a message for a person and an exit code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Prints a value as JSON on one line when `--json` was given, else as text lines. */
export function print(cli: Cli, json: boolean | undefined, value: unknown, lines: readonly string[]): void {
  if (json === true) cli.io.out(JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}]/gu, escaped));
  else for (const line of lines) cli.io.out(line);
}

/** JSON lets signs stand that steer a terminal, such as U+009B; escaped, they are the same text (RFC 8259 section 7). */
function escaped(sign: string): string {
  return sign.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Rows as aligned columns under a heading, which may be empty; the text of cells is made safe for terminals. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows].map((row) => row.map(printable));
  const columns = Math.max(...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
