/** One thing that is wrong with a configuration, for a person. */
export interface ConfigProblem {
  /** Where: `mailServers.local.port`, `policy[0].when.account`; empty for the file as a whole. */
  readonly path: string;
  /** What stands there; null for secrets, for unknown keys and where nothing stands. */
  readonly value: string | null;
  /** What is wrong: a phrase that follows the path, without the value. */
  readonly message: string;
  /** The way out: a sentence. */
  readonly remedy: string;
  /** Line and column in the file, from 1; null where there is none to show. */
  readonly line: number | null;
  readonly column: number | null;
}

/** Something that works but is probably not meant. */
export type ConfigWarning = ConfigProblem;

/** Problems as lines for a person: place, value and reason on one, the way out below. */
export function problemLines(problems: readonly ConfigProblem[]): string[] {
  return problems.flatMap((problem) => [
    `  ${placeOf(problem)}${problem.message}`,
    `      ${problem.remedy}`,
  ]);
}

function placeOf({ path, value, line, column }: ConfigProblem): string {
  const position = line === null ? "" : `line ${line}${path === "" ? `, column ${column ?? 1}` : ""}: `;
  if (path === "") return position;
  return value === null ? `${position}${path}: ` : `${position}${path} = ${value}: `;
}

/** In the order in which they stand in the file. */
export function byPosition(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
