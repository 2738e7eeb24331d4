import type { Files } from "../planted-tree.ts";

export interface ToolBreach {
  readonly what: string;
  readonly tool: "oxfmt" | "tsc" | "knip";
  readonly files: Files;
  /** Stands in a line of what the tool prints. */
  readonly report: string;
}

const file = "src/planted.ts";
const test = "test/planted.test.ts";

/** Breaches of format, types and the rule that nothing is unused. */
export const toolBreaches: readonly ToolBreach[] = [
  { what: "a badly formatted file", tool: "oxfmt", files: { [file]: "export  const a=1\n" }, report: file },
  {
    what: "a missing property that may be there (strictest types)",
    tool: "tsc",
    files: { [file]: "export const a: string = [''][0];\n" },
    report: `${file}(1,14): error TS2322`,
  },
  {
    what: "syntax that Node cannot strip",
    tool: "tsc",
    files: { [file]: "export enum A {}\n" },
    report: `${file}(1,13): error TS1294`,
  },
  {
    what: "a file that nothing uses",
    tool: "knip",
    files: { [file]: "export const a = 1;\n" },
    report: file,
  },
  {
    what: "an export that nothing else uses",
    tool: "knip",
    files: {
      [file]: "export const a = 1;\nexport const b = a;\n",
      [test]: 'import { b } from "../src/planted.ts";\nvoid b;\n',
    },
    report: `a  ${file}:1:14`,
  },
  {
    what: "a package that is not in package.json",
    tool: "knip",
    files: { [test]: 'import "left-pad";\n' },
    report: `left-pad  ${test}`,
  },
  { what: "a package that nothing uses", tool: "knip", files: {}, report: "tough-cookie" },
];
