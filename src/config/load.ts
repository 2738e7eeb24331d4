import { dirname, resolve } from "node:path";
import type { Config } from "./config.ts";
import { readDocument } from "./document.ts";
import { createConfigFiles, readConfigFile } from "./files.ts";
import { pathText, problemsOf } from "./issues.ts";
import { byPosition, type ConfigProblem, type ConfigWarning } from "./problem.ts";
import { configSchema } from "./schema.ts";
import { schemaPaths } from "./schema-paths.ts";
import { configWarnings } from "./warnings.ts";

export type { ConfigProblem } from "./problem.ts";

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigWarning[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads the configuration and the files it names. Lists every problem at once; never throws for what stands in them. */
export async function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const path = resolve(file);
  const text = await readConfigFile(path);
  if (!text.ok) {
    const problem = { path: "", value: null, message: text.message, line: null, column: null };
    const remedy = `${text.remedy} A new configuration: usher init`;
    return { ok: false, problems: [{ ...problem, remedy }] };
  }
  const read = readDocument(text.value);
  if (!read.ok) return read;
  const schema = configSchema(createConfigFiles(dirname(path), env));
  const parsed = await schema.safeParseAsync(read.document.root);
  if (!parsed.success) {
    const known = schemaPaths(schema);
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, read.document, known));
    return { ok: false, problems: problems.toSorted(byPosition) };
  }
  const config: Config = { file: path, ...parsed.data };
  const warnings = configWarnings(config).map(({ at, message, remedy }) => ({
    path: pathText(at),
    value: null,
    message,
    remedy,
    ...read.document.position(at),
  }));
  return { ok: true, config, warnings };
}
