import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createConfigFiles } from "../../src/config/files.ts";
import { schemaPaths } from "../../src/config/schema-paths.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openWorkplace } from "./workplace.ts";

interface Row {
  readonly key: string;
  readonly default: string;
  readonly isSecret: boolean;
}

async function readRows(): Promise<Row[]> {
  const text = await readFile(new URL("../../config/README.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf("## Every key"), text.indexOf("## Secrets"));
  return [...section.matchAll(/^\| `([^`]+)` \|.*\| ([^|]+) \| (yes|no) \|$/gm)].map(
    ([, key = "", value = "", secret]) => ({ key, default: value, isSecret: secret === "yes" }),
  );
}

/** Keys that hold a value of their own, written as the README writes them. */
function leafKeys(): string[] {
  const paths = schemaPaths(configSchema(createConfigFiles("/", {})));
  const texts = paths.map((path) => path.join(".").replaceAll(".[]", "[]"));
  return texts.filter(
    (text) => !texts.some((other) => other.startsWith(`${text}.`) || other.startsWith(`${text}[]`)),
  );
}

test("the table of the configuration names every key that the schema knows, and no other", async () => {
  const rows = await readRows();
  const lists = new Set([
    "trustedAuthservIds[]",
    "policy[].when.evidence[]",
    "server.trustedProxies[]",
    "sharing.remindAfter[]",
    "ocm.allow[]",
    "ocm.deny[]",
  ]);
  const documented = rows.map(({ key }) => (lists.has(key) ? key.slice(0, -2) : key));
  expect(documented.toSorted()).toEqual(leafKeys().toSorted());
  expect(rows.filter(({ isSecret }) => isSecret).map(({ key }) => key)).toEqual([
    "key",
    "mailServers.<name>.masterUser.password",
    "smtp.password",
    "smtp.dkim.key",
    "ocm.keys",
  ]);
});

function typed(written: string): string | boolean {
  return written === "true" || written === "false" ? written === "true" : written;
}

test("every default in the table is the one in force", async () => {
  await using place = await openWorkplace();
  const base = `key: {file: usher.key}
mailServers: {local: {host: localhost, masterUser: {login: m, password: {file: usher.key}}}}
outbound: {exceptions: [{host: localhost, port: 1, cidr: 127.0.0.0/8}]}
smtp: {host: localhost, from: {address: usher@example.org}}
server: {publicUrl: "https://usher.example.org"}
sharing: {quietHours: {from: "22:00", to: "07:00"}}
`;
  const plain = await place.load(base);
  const rows = (await readRows()).filter((row) => row.default.startsWith("`"));
  expect(rows.length).toBeGreaterThan(12);
  const { parseDocument } = await import("yaml");
  const document = parseDocument(base);
  for (const row of rows) {
    const path = row.key.replace("<name>", "local").replace(/\[\]$/, "");
    const segments = path.split(/\.|(?=\[)/).map((part) => (part === "[]" ? 0 : part));
    const written = row.default.slice(1, -1);
    document.setIn(segments, written === "[]" ? [] : typed(written));
  }
  expect(await place.load(String(document))).toEqual(plain);
  expect(plain.ok).toBe(true);
});
