import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { replyTo, trouble, type TroubleName } from "../../../src/protocols/ox/troubles.ts";

const readme = new URL("../../../src/protocols/ox/README.md", import.meta.url);

/** Rows of the table of reasons: trouble, first, again. */
async function rows(): Promise<readonly (readonly [TroubleName, string, string])[]> {
  const text = await readFile(readme, "utf8");
  const found = text.matchAll(/^\| `([a-z-]+)` \| ([A-Z_]+|later) \| ([A-Z_]+|later) \|$/gmu);
  return [...found].map(([, name = "", first = "", again = ""]) => [name as TroubleName, first, again]);
}

function outcome(name: TroubleName, look: "first" | "again"): string {
  const reply = replyTo(trouble(name), look, "ox.example");
  return reply.kind === "no" ? reply.state : "later";
}

test("the table of reasons in the README is what Usher does", async () => {
  const table = await rows();
  expect(table.length).toBeGreaterThan(25);
  for (const [name, first, again] of table) {
    expect([name, outcome(name, "first"), outcome(name, "again")]).toEqual([name, first, again]);
  }
});

test("every reason names the server and the way out in a sentence", async () => {
  for (const [name] of await rows()) {
    const { detail } = replyTo(trouble(name, { code: "SVL-0001" }), "first", "ox.example:8443");
    expect(detail).toMatch(/ox\.example:8443.*[;,] .+\. The server's code is SVL-0001\.$/u);
    expect(detail).not.toContain("{");
  }
});
