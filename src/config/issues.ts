import type { z } from "zod";
import { redactText } from "../observe/redact.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { ConfigDocument, ConfigPath } from "./document.ts";
import type { ConfigProblem } from "./problem.ts";
import { knownKeys, type schemaPaths } from "./schema-paths.ts";

/** One complaint of the schema as problems for a person. `known`: all paths of the schema. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  document: ConfigDocument,
  known: ReturnType<typeof schemaPaths>,
): ConfigProblem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(path, key, document, known));
  }
  const place = { path: pathText(path), ...document.position(path) };
  const value = valueAt(document.root, path);
  if (issue.code === "custom") {
    const remedy = String(issue.params?.["remedy"]);
    return [{ ...place, value: shown(value, path), message: issue.message, remedy }];
  }
  return [{ ...place, ...wrongKind(issue, value) }];
}

/** Something else than a mapping or list; what it is stays unsaid, for it may be a secret in the wrong place. */
function wrongKind(
  issue: z.core.$ZodIssue,
  value: unknown,
): Pick<ConfigProblem, "value" | "message" | "remedy"> {
  if (value === undefined) return { value: null, message: "missing.", remedy: "Add this key." };
  const wanted = issue.code === "invalid_type" && issue.expected === "array" ? "a list" : "a mapping";
  const remedy = `Write ${wanted} here; config/README.md shows every key.`;
  return { value: null, message: `not ${wanted}.`, remedy };
}

function unknownKey(
  path: ConfigPath,
  key: string,
  document: ConfigDocument,
  known: ReturnType<typeof schemaPaths>,
): ConfigProblem {
  const here = knownKeys(known, path);
  const near = didYouMean(key, here);
  const elsewhere = near === null ? known.find((candidate) => candidate.at(-1) === key) : undefined;
  const meant = near === null ? elsewhere?.join(".").replaceAll(".[]", "[]") : pathText([...path, near]);
  const remedy =
    meant === undefined ? `Remove it. Known here: ${here.join(", ")}.` : `Did you mean ${meant}?`;
  const place = { path: pathText([...path, key]), ...document.keyPosition(path, key) };
  return { ...place, value: null, message: "unknown key.", remedy };
}

/** `policy[0].when.account` */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = redactText(part).slice(0, 60);
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** What stands at a path, for a person; nothing where a secret may stand, not even one in the wrong form. */
function shown(value: unknown, path: ConfigPath): string | null {
  const name = path.at(-1);
  if (value === undefined || typeof value === "object" || name === "key" || name === "password") return null;
  if (typeof value !== "string") return JSON.stringify(value);
  const text = redactText(value).replace(/^[^@\s]*:[^@]*@/, "…@");
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
