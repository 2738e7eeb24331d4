import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type ToolBreach, toolBreaches } from "./breaches/tools.ts";
import { plantedTree } from "./planted-tree.ts";

/** The tools that judge the whole tree, with their arguments. */
const calls = {
  oxfmt: ["--check", "."],
  oxlint: ["--deny-warnings"],
  tsc: ["-p", "."],
  knip: ["--no-progress"],
} as const;

/** What a tool finds wrong, one line each. A tool that does not start has found something wrong. */
export function runTool(name: keyof typeof calls, folder = process.cwd()): readonly string[] {
  const result = spawnSync(name, calls[name], { cwd: folder, encoding: "utf8" });
  if (result.error !== undefined) return [`${name} does not start: ${result.error.message}`];
  if (result.status === 0) return [];
  return `${result.stdout}${result.stderr}`.trimEnd().split("\n");
}

/** Planted breaches that the tools passed over. */
export function checkPlantedTools(): readonly string[] {
  return toolBreaches
    .filter((breach) => !isReported(breach))
    .map(({ what }) => `planted and unreported: ${what}`);
}

function isReported({ tool, files, report }: ToolBreach): boolean {
  const own = [".knip.json", ".oxfmtrc.json", "tsconfig.json", "package.json"];
  const main = { "src/main.ts": readFileSync("src/main.ts", "utf8") };
  using tree = plantedTree({ ...main, ...files }, own);
  return runTool(tool, tree.folder).some((line) => line.includes(report));
}
