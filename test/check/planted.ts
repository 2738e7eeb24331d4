/** One breach per rule, as files of a tree that exists only while the rule is tried. */
type Files = Readonly<Record<string, string>>;

const leaf = "export const leaf = 1;\n";

function importing(path: string): string {
  return `import { leaf } from "${path}";\nexport const user = leaf;\n`;
}

/** Breaches of `.dependency-cruiser.mjs`, by rule. */
export const plantedArchitecture: Readonly<Record<string, Files>> = {
  "no-circular": {
    "src/domain/one.ts": 'import { two } from "./two.ts";\nexport const one = (): unknown => two;\n',
    "src/domain/two.ts": 'import { one } from "./one.ts";\nexport const two = (): unknown => one;\n',
  },
  "no-orphans": { "src/domain/alone.ts": leaf },
  "pure-needs-no-packages": {
    "src/domain/rule.ts": 'import { z } from "zod";\nexport const rule = z;\n',
  },
  "pure-does-no-io": {
    "src/protocols/ox/detect.ts":
      'import { readFileSync } from "node:fs";\nexport const detect = readFileSync;\n',
  },
  "domain-knows-only-domain": {
    "src/domain/rule.ts": importing("../store/leaf.ts"),
    "src/store/leaf.ts": leaf,
  },
  "protocols-are-strangers": {
    "src/protocols/ox/client.ts": importing("../cozy/leaf.ts"),
    "src/protocols/cozy/leaf.ts": leaf,
  },
  "protocols-know-ports-only": {
    "src/protocols/ox/client.ts": importing("../../store/leaf.ts"),
    "src/store/leaf.ts": leaf,
  },
  "flows-see-ports-only": {
    "src/receiving/flow.ts": importing("../mailbox/leaf.ts"),
    "src/mailbox/leaf.ts": leaf,
  },
  "flows-are-strangers": {
    "src/receiving/flow.ts": importing("../sharing/leaf.ts"),
    "src/sharing/leaf.ts": leaf,
  },
  "adapters-do-not-know-flows": {
    "src/mailbox/adapter.ts": importing("../receiving/leaf.ts"),
    "src/receiving/leaf.ts": leaf,
  },
  "only-the-roots-wire": {
    "src/store/adapter.ts": importing("../app.ts"),
    "src/app.ts": leaf,
  },
  "only-the-guard-reaches-the-network": {
    "src/protocols/ox/client.ts": 'import { request } from "undici";\nexport const out = request;\n',
  },
  "src-never-imports-test": {
    "src/store/adapter.ts": importing("../../test/leaf.ts"),
    "test/leaf.ts": leaf,
  },
};

interface LintBreach {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
}

/** Breaches of `.oxlintrc.json`: the rules that carry a law, and one of each kind of rule. */
export const plantedLint: readonly LintBreach[] = [
  {
    rule: "no-restricted-globals",
    file: "src/protocols/out.ts",
    text: 'export const out = fetch("https://origin.example/");\n',
  },
  {
    rule: "no-restricted-imports",
    file: "src/receiving/out.ts",
    text: 'import { request } from "node:https";\nexport const out = request;\n',
  },
  {
    rule: "no-restricted-properties",
    file: "src/domain/clock.ts",
    text: "export const now = Date.now();\n",
  },
  {
    rule: "no-floating-promises",
    file: "src/store/floating.ts",
    text: "async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n",
  },
  {
    rule: "switch-exhaustiveness-check",
    file: "src/store/switch.ts",
    text: 'export function f(kind: "a" | "b"): number {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}\n',
  },
  {
    rule: "no-process-env",
    file: "src/config/env.ts",
    text: 'export const home = process.env["HOME"];\n',
  },
  {
    rule: "no-explicit-any",
    file: "src/store/any.ts",
    text: "export function f(value: any): void {\n  void value;\n}\n",
  },
  {
    rule: "max-lines-per-function",
    file: "src/store/long.ts",
    text: `export function f(): void {\n${"  void 0;\n".repeat(61)}}\n`,
  },
  {
    rule: "max-lines",
    file: "src/store/lines.ts",
    text: Array.from({ length: 251 }, (_, index) => `export const v${index} = ${index};`).join("\n"),
  },
];
