/**
 * `npm run check`: format, type-aware lint, types, architecture, unused code, each with proof that it still bites.
 * Every step runs, so that one run shows all that is wrong. Exit code 1 when any step failed.
 */
import { checkArchitecture, checkPlantedArchitecture } from "./architecture.ts";
import { checkPlantedLint } from "./lint.ts";
import { checkPlantedTools, runTool } from "./tools.ts";

interface Step {
  readonly name: string;
  /** What is wrong, one line each; empty when all is well. */
  readonly run: () => readonly string[] | Promise<readonly string[]>;
}

const steps: readonly Step[] = [
  { name: "format", run: () => runTool("oxfmt") },
  { name: "lint", run: () => runTool("oxlint") },
  { name: "types", run: () => runTool("tsc") },
  { name: "architecture", run: checkArchitecture },
  { name: "unused code", run: () => runTool("knip") },
  { name: "lint reports planted breaches", run: checkPlantedLint },
  { name: "architecture reports planted breaches", run: checkPlantedArchitecture },
  { name: "the other tools report planted breaches", run: checkPlantedTools },
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
