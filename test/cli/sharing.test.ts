import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ran, run } from "./in-process.ts";

const link = "https://cloud.example.org/s/0a1b2c3d4e5f60718293";

let directory: string;
let config: string;

async function configure(smtp: string): Promise<void> {
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n${smtp}`);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-sharing-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await configure("smtp: {host: 127.0.0.1, tls: none, from: {name: Example, address: share@example.org}}\n");
  const added = await run(config, [
    "account",
    "add",
    "alice",
    "--address",
    "alice@example.org",
    "--locale",
    "fr",
  ]);
  expect(added.code).toBe(0);
});

afterEach(async () => rm(directory, { recursive: true, force: true }));

async function sharing(...args: readonly string[]): Promise<Ran> {
  return run(config, ["sharing", ...args]);
}

async function create(...args: readonly string[]): Promise<Ran> {
  return sharing("create", "--account", "alice", "--title", "Report", "--link", link, ...args);
}

test("a sharing is created, listed and shown with each recipient, and its link stays secret", async () => {
  const created = await create("--to", "bob@example.net", "--to", "carla@example.com", "--message", "Hello");
  expect(created).toMatchObject({ code: 0, err: "" });
  const id = /^(\w+) invites 2 people\./.exec(created.out)?.[1] ?? "";
  expect(created.out).toContain(`usher sharing show ${id}`);
  expect(created.out).toContain("as soon as usher serve runs");
  const listed = await sharing("list", "--account", "alice", "--json");
  expect(JSON.parse(listed.out)).toMatchObject([
    { id, account: "alice", title: "Report", recipients: 2, sent: 0 },
  ]);
  const shown = await sharing("show", id.slice(0, 5), "--json");
  expect(JSON.parse(shown.out)).toMatchObject({
    id,
    recipients: [
      { address: "bob@example.net", state: "pending", mail: "planned", attempts: 0, locale: "fr" },
      { address: "carla@example.com", state: "pending", mail: "planned", attempts: 0, locale: "fr" },
    ],
  });
  const lines = await sharing("show", id);
  expect(lines.out).toMatch(/bob@example\.net +pending +planned +0 +- +<i\w+\.invitation@example\.org>/);
  for (const { out } of [created, listed, shown, lines, await sharing("list")])
    expect(out).not.toContain("0a1b2c3d4e5f");
});

test("the link may come from standard input, where no list of processes shows it", async () => {
  const args = [
    "create",
    "--account",
    "alice",
    "--title",
    "R",
    "--link",
    "-",
    "--to",
    "bob@example.net",
    "--json",
  ];
  const created = await run(config, ["sharing", ...args], { input: `${link}\n` });
  expect(created.code).toBe(0);
  expect(JSON.parse(created.out)).toMatchObject({ recipients: [{ address: "bob@example.net" }] });
});

test("what is wrong is named with the way out, all of it, and nothing is shared", async () => {
  const refused = await create("--to", "bob", "--to", "carla@example.com", "--to", "carla@example.com");
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain('bad-address: "bob" is not a mail address');
  expect(refused.err).toContain('duplicate-address: "carla@example.com" is named twice');
  const asJson = await create("--to", "bob", "--json");
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.out)).toMatchObject({ kind: "refused", problems: [{ because: "bad-address" }] });
  expect((await sharing("list")).out).toBe("No sharings.");
});

test("without a mail server nothing is shared, and the configuration key is named", async () => {
  await configure("");
  expect((await create("--to", "bob@example.net")).err).toContain("set smtp.host and smtp.from");
});

test("wrong usage and unknown ids are told apart from faults", async () => {
  expect((await create()).code).toBe(2);
  expect(await sharing("show", "h404")).toMatchObject({
    code: 1,
    err: expect.stringContaining("usher sharing list"),
  });
  expect((await sharing("create", "--help")).out).toContain("--to <address...>");
});
