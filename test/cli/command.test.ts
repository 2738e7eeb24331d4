import { expect, test } from "vitest";
import { type Cli, print } from "../../src/cli/command.ts";

test("what a stranger wrote steers no terminal as JSON either, and is the same text for a program", () => {
  const lines: string[] = [];
  const io = { out: (line: string) => lines.push(line) } as unknown as Cli["io"];
  const value = { folder: "a\u009b2Jb\u007f\u202ec\u2066\u001b[2J\u{E0041}d" };
  print({ io, configFile: () => "" }, true, value, []);
  expect(lines[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(lines[0] ?? "")).toEqual(value);
});
