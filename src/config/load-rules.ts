import { resolve } from "node:path";
import type { Rule } from "../domain/policy.ts";
import { readConfigFile } from "./files.ts";
import { problemsOf } from "./issues.ts";
import { byPosition, type ConfigProblem } from "./problem.ts";
import { readDocument } from "./document.ts";
import { accountRulesFile } from "./rules.ts";
import { schemaPaths } from "./schema-paths.ts";

type LoadedRules =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads a file with an account's own rules: the key `policy` as in the configuration, without `when.account`. */
export async function loadAccountRules(file: string): Promise<LoadedRules> {
  const text = await readConfigFile(resolve(file));
  if (!text.ok) {
    const { message, remedy } = text;
    return { ok: false, problems: [{ path: "", value: null, message, remedy, line: null, column: null }] };
  }
  const read = readDocument(text.value);
  if (!read.ok) return read;
  const schema = accountRulesFile();
  const parsed = await schema.safeParseAsync(read.document.root);
  if (parsed.success) return { ok: true, rules: parsed.data.policy };
  const known = schemaPaths(schema);
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, read.document, known));
  return { ok: false, problems: problems.toSorted(byPosition) };
}
