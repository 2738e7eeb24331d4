import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { countFailure } from "../../src/store/suppressions.ts";
import { type Ran, run } from "./in-process.ts";

let directory: string;
let config: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-suppressed-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`);
  expect(await sharing("suppressed")).toMatchObject({ code: 0, out: "No address is suppressed." });
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function sharing(...args: readonly string[]): Promise<Ran> {
  return run(config, ["sharing", ...args]);
}

async function cameBack(addressKey: string): Promise<void> {
  await using store = await openStore(join(directory, "usher.db"), { migrate: false });
  const failed = { addressKey, failure: "unknown-user", status: "5.1.1" } as const;
  await countFailure(store.db, failed, Date.now());
}

test("addresses that mail came back from are listed with the reason and the end, and used again when lifted", async () => {
  await cameBack("bob@example.net");
  const listed = await sharing("suppressed");
  expect(listed.out).toMatch(/bob@example\.net +5\.1\.1 +20.*Z +20.*Z/);
  const [row] = JSON.parse((await sharing("suppressed", "--json")).out);
  expect(row).toMatchObject({ address: "bob@example.net", status: "5.1.1" });
  expect(row.until - row.lastFailureAt).toBe(14 * 24 * 3600_000);
  expect(await sharing("lift", "bob@EXAMPLE.net")).toMatchObject({ code: 0, err: "" });
  expect((await sharing("suppressed", "--json")).out).toBe("[]");
});

test("what cannot be lifted is named, with the way out", async () => {
  expect(await sharing("lift", "bob@example.net")).toMatchObject({ code: 1 });
  expect((await sharing("lift", "bob@example.net")).err).toContain("usher sharing suppressed");
  expect(await sharing("lift", "bob")).toMatchObject({ code: 2 });
});
