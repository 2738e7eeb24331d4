/**
 * `npm run check`: format, type-aware lint, types, architecture, unused code, each with proof that it still bites.
 * Every step runs, so that one run shows all that is wrong. Exit code 1 when any step failed.
 */
import { spawnSync } from "node:child_process";
import { checkArchitecture, checkPlantedArchitecture } from "./architecture.ts";
import { checkPlantedLint } from "./planted-lint.ts";

interface Step {
  readonly name: string;
  /** What is wrong, one line each; empty when all is well. */
  readonly run: () => readonly string[] | Promise<readonly string[]>;
}

const steps: readonly Step[] = [
  { name: "format", run: () => tool("oxfmt", "--check", ".") },
  { name: "lint", run: () => tool("oxlint", "--deny-warnings") },
  { name: "lint reports planted breaches", run: checkPlantedLint },
  { name: "types", run: () => tool("tsc", "-p", ".") },
  { name: "architecture", run: checkArchitecture },
  { name: "architecture reports planted breaches", run: checkPlantedArchitecture },
  { name: "unused code", run: () => tool("knip", "--no-progress") },
];

let failed = 0;
for (const step of steps) {
  const startedAt = performance.now();
  const problems = await step.run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"}  ${step.name} (${seconds} s)`);
  for (const line of problems) console.log(`      ${line}`);
  if (problems.length > 0) failed += 1;
}
console.log(`${steps.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function tool(command: string, ...args: string[]): readonly string[] {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.status === 0) return [];
  const output = `${result.stdout}${result.stderr}`.trimEnd().split("\n");
  return result.error === undefined ? output : [`${command} does not start: ${result.error.message}`];
}
