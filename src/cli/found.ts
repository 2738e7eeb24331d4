import { CommandError } from "./command.ts";

/** The one row whose id begins with what was typed, as with commit ids. Throws CommandError where there is none or more. */
export function theOne<Row>(rows: readonly Row[], typed: string, what: string): Row {
  const [row, second] = rows;
  if (row === undefined) {
    throw new CommandError(`there is no ${what} ${typed}; usher ${what} list shows them`);
  }
  if (second !== undefined)
    throw new CommandError(`${typed} is the beginning of several ids; type more of it`);
  return row;
}

/** A time for a person, UTC; `-` where there is none. */
export function whenText(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString().replace("T", " ").slice(0, 19) + "Z";
}
