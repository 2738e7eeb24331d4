import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { run } from "./in-process.ts";

let directory: string;
let config: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-doctor-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`);
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

/** An accepted notification of bob. */
async function insertAccepted(store: Store, id: string): Promise<void> {
  const bob = { id: "a1", name: "bob", locale: "en", modules_json: "[]", created_at: 0 };
  await store.db
    .insertInto("account")
    .values(bob)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const texts = { variant: "", share_hint: "", link_sealed: "", sharer_name: "", sharer_address: "" };
  const share = { protocol: "ox", origin: "https://x.example", share_key: id, recipient_kind: "named-guest" };
  await store.db
    .insertInto("notification")
    .values({ ...texts, ...share, id, account_id: "a1", state: "accepted", created_at: 0, updated_at: 0 })
    .execute();
}

/** Leaves work in the store that was given up. */
async function park(subject: string): Promise<void> {
  await using store = await openStore(join(directory, "usher.db"));
  await insertAccepted(store, subject);
  const queue = createSqlQueue({ store, owner: "test" });
  await queue.enqueue(store.db, { kind: "follow", subject, lane: "origin/x" });
  const worker = async () => ({ kind: "park", because: `the origin of ${subject} is gone` }) as const;
  await queue.drain({ follow: worker }, { kinds: ["follow"], subject }, AbortSignal.timeout(60_000));
}

test("an empty store has nothing to show, and says how to start the daemon", async () => {
  const shown = await run(config, ["doctor"]);
  expect(shown).toMatchObject({ code: 0, err: "" });
  expect(shown.out).toMatch(/No daemon .*systemctl start usher\nJobs: 0 waiting, 0 under way, 0 parked\.$/);
});

test("parked work is shown with its reason, and is due again when asked for", async () => {
  await park("n1");
  await park("n2");
  const shown = await run(config, ["doctor"]);
  expect(shown.out).toMatch(/follow +bob +n1 +1 +the origin of n1 is gone/);
  const [first] = JSON.parse((await run(config, ["doctor", "--json"])).out).parked;
  const one = await run(config, ["doctor", "--run-again", String(first.id)]);
  expect(one).toMatchObject({ code: 0, err: "", out: `Job ${first.id} is due again.` });
  const rest = await run(config, ["doctor", "--run-again", "all", "--json"]);
  expect(JSON.parse(rest.out).dueAgain).toHaveLength(1);
  expect(JSON.parse((await run(config, ["doctor", "--json"])).out).jobs).toMatchObject({
    ready: 2,
    parked: 0,
  });
  expect((await run(config, ["doctor", "--run-again", "all"])).out).toBe("Nothing is parked.");
});

test("a job that is not parked is a clear refusal", async () => {
  expect(await run(config, ["doctor", "--run-again", "4711"])).toMatchObject({
    code: 1,
    err: "usher: there is no parked job 4711; usher doctor shows the parked ones",
  });
  expect(await run(config, ["doctor", "--run-again", "some"])).toMatchObject({ code: 2 });
});

test("a store that cannot be opened is told in one line with the way out, and without a stack", async () => {
  await writeFile(config, `store: {file: ${join(directory, "none", "usher.db")}}\nkey: {file: key}\n`);
  const shown = await run(config, ["doctor"]);
  expect(shown).toMatchObject({ code: 1, out: "" });
  expect(shown.err).toMatch(/^usher: Store .*its directory does not exist; create it .*$/);
});

test("mail that comes back where nobody reads it is told, until a mailbox is watched that receives it", async () => {
  const smtp = "{host: 127.0.0.1, tls: none, from: {address: u@example.org}, bounces: bounces@example.org}";
  const server = "mailServers: {local: {host: 127.0.0.1, tls: none}}";
  await writeFile(
    config,
    `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\nsmtp: ${smtp}\n${server}\n`,
  );
  const unread = await run(config, ["doctor"]);
  expect(unread.out).toContain("usher account add postmaster --address bounces@example.org");
  await writeFile(join(directory, "pw"), "secret", { mode: 0o600 });
  for (const words of [
    ["account", "add", "postmaster", "--address", "bounces@example.org"],
    [
      "mailbox",
      "add",
      "postmaster",
      "--server",
      "local",
      "--login",
      "b",
      "--password-file",
      join(directory, "pw"),
    ],
  ]) {
    expect(await run(config, words)).toMatchObject({ code: 0 });
  }
  expect(JSON.parse((await run(config, ["doctor", "--json"])).out).unreadReports).toBeNull();
  expect((await run(config, ["doctor"])).out).not.toContain("bounces@example.org");
});
