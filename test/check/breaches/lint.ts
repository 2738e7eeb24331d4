interface LintBreach {
  /** As `.oxlintrc.json` names it, without the plugin. */
  readonly rule: string;
  readonly file: string;
  readonly text: string;
}

/** One breach of every rule that `.oxlintrc.json` names, of both categories, and of what it adds for single rooms. */
export const lintBreaches: readonly LintBreach[] = [
  // The ways out.
  {
    rule: "no-restricted-globals",
    file: "src/protocols/out.ts",
    text: 'export const out = fetch("https://origin.example/");\n',
  },
  {
    rule: "no-restricted-globals",
    file: "src/receiving/socket.ts",
    text: 'export const out = new WebSocket("wss://origin.example/");\n',
  },
  {
    rule: "no-restricted-imports",
    file: "src/receiving/out.ts",
    text: 'import { request } from "node:https";\nexport const out = request;\n',
  },
  // Pure rules.
  {
    rule: "no-restricted-properties",
    file: "src/domain/clock.ts",
    text: "export const now = Date.now();\n",
  },
  {
    rule: "no-restricted-globals",
    file: "src/protocols/ox/detect.ts",
    text: "export const bytes = Buffer.alloc(1);\n",
  },
  // Promises and types: found only where the linter asks the type checker.
  {
    rule: "no-floating-promises",
    file: "src/store/floating.ts",
    text: "async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n",
  },
  {
    rule: "no-floating-promises",
    file: "test/store/floating.test.ts",
    text: "async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n",
  },
  {
    rule: "no-misused-promises",
    file: "src/store/misused.ts",
    text: "export function f(list: readonly number[]): void {\n  list.forEach(async () => {});\n}\n",
  },
  {
    rule: "promise-function-async",
    file: "src/store/plain.ts",
    text: "export function f(): Promise<void> {\n  return Promise.resolve();\n}\n",
  },
  {
    rule: "return-await",
    file: "src/store/early.ts",
    text: "export async function f(owned: AsyncDisposable, work: Promise<void>): Promise<void> {\n  await using _ = owned;\n  return work;\n}\n",
  },
  {
    rule: "switch-exhaustiveness-check",
    file: "src/store/switch.ts",
    text: 'export function f(kind: "a" | "b"): number {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}\n',
  },
  {
    rule: "no-unnecessary-condition",
    file: "src/store/condition.ts",
    text: "export function f(value: object): number {\n  return value ? 1 : 2;\n}\n",
  },
  {
    rule: "no-explicit-any",
    file: "src/store/any.ts",
    text: "export function f(value: any): void {\n  void value;\n}\n",
  },
  {
    rule: "no-unsafe-assignment",
    file: "src/store/assignment.ts",
    text: 'export const parsed = JSON.parse("1");\n',
  },
  {
    rule: "no-unsafe-argument",
    file: "src/store/argument.ts",
    text: 'export const number = Number.parseInt(JSON.parse("1"), 10);\n',
  },
  {
    rule: "no-unsafe-call",
    file: "src/store/call.ts",
    text: 'JSON.parse("1")();\n',
  },
  {
    rule: "no-unsafe-return",
    file: "src/store/return.ts",
    text: 'export function f(): string {\n  return JSON.parse("1");\n}\n',
  },
  {
    rule: "no-unsafe-type-assertion",
    file: "src/store/assertion.ts",
    text: "export function f(value: unknown): string {\n  return value as string;\n}\n",
  },
  {
    rule: "no-non-null-assertion",
    file: "src/store/non-null.ts",
    text: "export function f(value: string | null): string {\n  return value!;\n}\n",
  },
  {
    rule: "only-throw-error",
    file: "src/store/throw.ts",
    text: 'export function f(): never {\n  throw "text";\n}\n',
  },
  {
    rule: "ban-ts-comment",
    file: "src/store/comment.ts",
    text: '// @ts-ignore\nexport const number: number = "1";\n',
  },
  // Modules.
  {
    rule: "consistent-type-imports",
    file: "src/store/value-import.ts",
    text: 'import { Stats } from "node:fs";\nexport type Files = readonly Stats[];\n',
  },
  {
    rule: "no-cycle",
    file: "src/store/one.ts",
    text: 'import { two } from "./two.ts";\nexport const one = (): unknown => two;\n',
  },
  {
    rule: "no-cycle",
    file: "src/store/two.ts",
    text: 'import { one } from "./one.ts";\nexport const two = (): unknown => one;\n',
  },
  {
    rule: "no-default-export",
    file: "src/store/default.ts",
    text: "export default 1;\n",
  },
  // Measures.
  {
    rule: "max-lines-per-function",
    file: "src/store/long.ts",
    text: longFunction(61),
  },
  {
    rule: "max-lines-per-function",
    file: "test/store/long.test.ts",
    text: longFunction(151),
  },
  {
    rule: "max-lines",
    file: "src/store/lines.ts",
    text: lines(251),
  },
  {
    rule: "max-lines",
    file: "test/store/lines.test.ts",
    text: lines(401),
  },
  {
    rule: "max-depth",
    file: "src/store/deep.ts",
    text: `export function f(a: boolean): void {\n  ${"if (a) { ".repeat(4)}void a; ${"} ".repeat(4)}\n}\n`,
  },
  {
    rule: "complexity",
    file: "src/store/complex.ts",
    text: `export function f(a: boolean): boolean {\n  return a${" || a".repeat(12)};\n}\n`,
  },
  {
    rule: "max-params",
    file: "src/store/params.ts",
    text: "export function f(a: 1, b: 1, c: 1, d: 1, e: 1, g: 1): number {\n  return a + b + c + d + e + g;\n}\n",
  },
  // The process.
  {
    rule: "no-console",
    file: "src/store/console.ts",
    text: 'console.log("text");\n',
  },
  {
    rule: "no-process-env",
    file: "src/config/env.ts",
    text: 'export const home = process.env["HOME"];\n',
  },
  // One of each category.
  {
    rule: "no-unused-vars",
    file: "src/store/unused.ts",
    text: "const unused = 1;\nexport const used = 2;\n",
  },
  {
    rule: "no-shadow",
    file: "src/store/shadow.ts",
    text: "export const name = 1;\nexport function f(name: number): number {\n  return name;\n}\n",
  },
];

function longFunction(count: number): string {
  return `export function f(): void {\n${"  void 0;\n".repeat(count - 1)}}\n`;
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `export const v${index} = ${index};\n`).join("");
}
