import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { lintBreaches } from "./breaches/lint.ts";
import { plantedTree } from "./planted-tree.ts";

interface LintConfiguration {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly overrides: readonly { readonly rules: Readonly<Record<string, unknown>> }[];
}

/** Planted breaches of lint rules that went unreported, and named rules without one. */
export function checkPlantedLint(): readonly string[] {
  const files = Object.fromEntries(lintBreaches.map(({ file, text }) => [file, text]));
  using tree = plantedTree(files, [".oxlintrc.json", "tsconfig.json"]);
  const { stdout } = spawnSync("oxlint", ["--format=unix"], { cwd: tree.folder, encoding: "utf8" });
  const reports = stdout.split("\n");
  const unreported = lintBreaches
    .filter(({ rule, file }) => !reports.some((line) => line.includes(file) && line.includes(`(${rule})`)))
    .map(({ rule, file }) => `the planted breach of ${rule} in ${file} went unreported`);
  const planted = new Set(lintBreaches.map(({ rule }) => rule));
  const unplanted = namedRules().filter((rule) => !planted.has(rule));
  return [...unreported, ...unplanted.map((rule) => `rule ${rule} has no planted breach`)];
}

/** Rules that `.oxlintrc.json` switches on by name, without their plugins. */
function namedRules(): readonly string[] {
  const { rules, overrides }: LintConfiguration = JSON.parse(readFileSync(".oxlintrc.json", "utf8"));
  const all = [rules, ...overrides.map((override) => override.rules)].flatMap((set) => Object.entries(set));
  const on = all.filter(([, setting]) => setting !== "off").map(([name]) => name.split("/").at(-1) ?? name);
  return [...new Set(on)];
}
