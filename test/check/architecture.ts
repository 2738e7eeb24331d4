import { globSync } from "node:fs";
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { Visitor } from "@swc/core/Visitor.js";
// @ts-expect-error: the configuration is plain JavaScript
import * as configuration from "../../.dependency-cruiser.mjs";
import { architectureBreaches } from "./breaches/architecture.ts";
import { type Files, plantedTree } from "./planted-tree.ts";

const forbidden: IForbiddenRuleType[] = configuration.forbidden;
const options: ICruiseOptions = configuration.options;

// The visitor throws at `await using`, which swc's own types do not know; for a cruise it is no different from `const`.
const visitStatement: unknown = Reflect.get(Visitor.prototype, "visitStatement");
Reflect.set(Visitor.prototype, "visitStatement", function visit(this: Visitor, statement: UsingStatement) {
  if (statement.type === "UsingDeclaration") return this.visitVariableDeclarators(statement.decls);
  const visited: unknown =
    typeof visitStatement === "function" ? Reflect.apply(visitStatement, this, [statement]) : statement;
  return visited;
});

interface UsingStatement {
  readonly type: string;
  readonly decls: Parameters<Visitor["visitVariableDeclarators"]>[0];
}

/** Breaches of the rules between rooms. A cruise that saw fewer modules than there are files is a breach too. */
export async function checkArchitecture(): Promise<readonly string[]> {
  const { summary } = await cruiseSrc(process.cwd());
  const files = globSync("src/**/*.ts").length;
  const seen = summary.totalCruised;
  const blind = seen < files ? [`only ${seen} modules were seen of ${files} files in src`] : [];
  return [...blind, ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)];
}

/** Rules whose planted breach went unreported, and rules without one. */
export async function checkPlantedArchitecture(): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { name } of forbidden) {
    const files = architectureBreaches[name ?? ""];
    if (files === undefined) problems.push(`rule ${name} has no planted breach`);
    else if (!(await isReported(name ?? "", files)))
      problems.push(`the planted breach of ${name} went unreported`);
  }
  return problems;
}

async function isReported(rule: string, files: Files): Promise<boolean> {
  using tree = plantedTree(files);
  const { summary } = await cruiseSrc(tree.folder);
  return summary.violations.some((violation) => violation.rule.name === rule);
}

async function cruiseSrc(baseDir: string): Promise<ICruiseResult> {
  const result = await cruise(["src"], { ...options, baseDir, validate: true, ruleSet: { forbidden } });
  if (typeof result.output === "string") throw new Error("the cruise gave text, not modules");
  return result.output;
}
