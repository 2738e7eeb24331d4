import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { ConfigProblem } from "./problem.ts";

export type ConfigPath = readonly (string | number)[];

/** A configuration file as plain values that remember where they stood. */
export interface ConfigDocument {
  /** Mappings, lists and scalars. A key without a value counts as not written. */
  readonly root: unknown;
  /** Where the value of a path stands, or the nearest thing round it. */
  position(path: ConfigPath): Position;
  /** Where a key of the mapping at `path` stands. */
  keyPosition(path: ConfigPath, key: string): Position;
}

interface Position {
  readonly line: number | null;
  readonly column: number | null;
}

type ReadDocument =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads YAML 1.2. Syntax problems carry line and column and never text of the file, which may be a secret. */
export function readDocument(text: string): ReadDocument {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2", strict: true });
  const faults = [...yaml.errors, ...yaml.warnings].map((error) => syntaxProblem(error, text, lines));
  if (faults.length > 0) return { ok: false, problems: firstOfEachLine(faults) };
  try {
    const root = withoutEmptyKeys(yaml.toJS() ?? {});
    return { ok: true, document: { root, ...createPositions(yaml, lines) } };
  } catch {
    const message = "aliases (*name) that lead nowhere or multiply too often.";
    return { ok: false, problems: [problemAt(0, lines, message, "Write the values out.")] };
  }
}

/** What follows on a line that was not understood is mostly an echo of the first. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<number | null>();
  return problems.filter(({ line }) => !seen.has(line) && seen.add(line));
}

function createPositions(
  yaml: Document.Parsed,
  lines: LineCounter,
): Pick<ConfigDocument, "position" | "keyPosition"> {
  function position(path: ConfigPath): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const node = yaml.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return positionAt(node.range[0], lines);
    }
    return { line: null, column: null };
  }
  function keyPosition(path: ConfigPath, key: string): Position {
    const map = path.length === 0 ? yaml.contents : yaml.getIn(path, true);
    const pair = isMap(map)
      ? map.items.find((entry) => isScalar(entry.key) && String(entry.key.value) === key)
      : undefined;
    const range = isScalar(pair?.key) ? pair.key.range : undefined;
    return range ? positionAt(range[0], lines) : position(path);
  }
  return { position, keyPosition };
}

function positionAt(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Rebuilt with own properties only, so that a key named `__proto__` stays an unknown key like any other. */
function withoutEmptyKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyKeys);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutEmptyKeys(entry)]));
}

/** Own words by code: those of the parser may quote the file. */
const syntaxWords: Readonly<Partial<Record<YAMLError["code"], readonly [string, string]>>> = {
  BAD_INDENT: ["indented in a way YAML does not allow.", "Indent every level by two spaces."],
  TAB_AS_INDENT: ["indented with a tab.", "Indent with spaces."],
  MULTIPLE_DOCS: ["a second document begins here (---).", "Keep one document in the file."],
  TAG_RESOLVE_FAILED: [
    "an unknown tag (!name).",
    "Remove the tag; if a value begins with ! put it into quotes.",
  ],
  BAD_ALIAS: ["an alias (*name) without its anchor.", "If a value begins with * put it into quotes."],
  MISSING_CHAR: [
    "a closing quote, bracket or comma is missing.",
    "Close what was opened on this line or before.",
  ],
  BAD_SCALAR_START: ["a value begins with a reserved character.", "Put the value into quotes."],
  MULTILINE_IMPLICIT_KEY: [
    "a key that runs over several lines.",
    "Check the quotes and colons before this line.",
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    "a value that holds `: ` without quotes, or a wrong indent.",
    "Put the value into quotes.",
  ],
};

function syntaxProblem(error: YAMLError, text: string, lines: LineCounter): ConfigProblem {
  const offset = error.pos[0];
  if (error.code === "DUPLICATE_KEY") {
    const key = /^[\w-]{1,40}/.exec(text.slice(offset, offset + 40))?.[0] ?? "a key";
    return problemAt(offset, lines, `the key ${key} is written twice.`, "Keep one of the two.");
  }
  const [message, remedy] = syntaxWords[error.code] ?? [
    `not readable as YAML (${error.code}).`,
    "Check colons, quotes and indents here and on the line before.",
  ];
  return problemAt(offset, lines, message, remedy);
}

function problemAt(offset: number, lines: LineCounter, message: string, remedy: string): ConfigProblem {
  return { path: "", value: null, message, remedy, ...positionAt(offset, lines) };
}
