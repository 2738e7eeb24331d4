import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { tokenBySecret } from "../../src/store/api-tokens.ts";
import { run } from "./in-process.ts";

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-token-"));
  file = join(directory, "usher.yaml");
  await writeFile(join(directory, "usher.key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(file, "key: {file: usher.key}\nstore: {file: usher.db}\n");
  await (await openStore(join(directory, "usher.db")))[Symbol.asyncDispose]();
  expect((await run(file, ["account", "add", "alice", "--address", "alice@example.org"])).code).toBe(0);
});
afterAll(async () => rm(directory, { recursive: true }));

interface Made {
  readonly id: string;
  readonly token: string;
  readonly expires_at: number | null;
}

async function make(...args: readonly string[]): Promise<Made> {
  const made = await run(file, ["token", "add", ...args, "--json"]);
  expect(made.err).toBe("");
  const value: Made = JSON.parse(made.out);
  return value;
}

test("a token is shown once, opens what it says, and is not in the store", async () => {
  const made = await make(
    "phone",
    "--account",
    "alice",
    "--scope",
    "notifications:read",
    "--scope",
    "files:read",
    "--expires",
    "90d",
  );
  expect(made.token).toMatch(/^ush_[\w-]{43}$/);
  expect(Math.round(((made.expires_at ?? 0) - Date.now()) / 86_400_000)).toBe(90);
  await using store = await openStore(join(directory, "usher.db"));
  const token = await tokenBySecret(store.db, made.token, Date.now());
  expect(token).toMatchObject({ name: "phone", scopes: ["notifications:read", "files:read"] });
  expect(await tokenBySecret(store.db, made.token, (made.expires_at ?? 0) + 1)).toBeUndefined();
  expect(await readFile(join(directory, "usher.db"), "latin1")).not.toContain(made.token);
  const list = await run(file, ["token", "list"]);
  expect(list.out).toMatch(/^phone +alice +notifications:read files:read +20/m);
  expect(list.out).not.toContain(made.token);
});

test("a token of an application says what it may do at the account's instance host, and is listed with it", async () => {
  const cloud = ["--account", "alice", "--app", "photos", "--permissions"];
  const made = await make("photos", ...cloud, "io.cozy.files:GET io.cozy.contacts");
  await using store = await openStore(join(directory, "usher.db"));
  const token = await tokenBySecret(store.db, made.token, Date.now());
  const permissions = "io.cozy.files:GET io.cozy.contacts:ALL";
  expect(token).toMatchObject({ appSlug: "photos", permissions, scopes: [] });
  expect((await run(file, ["token", "list"])).out).toContain(permissions);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["a"], /a token is for something/],
    [["b", "--app", "photos", "--permissions", "io.cozy.files"], /--account NAME/],
    [["c", "--account", "alice", "--app", "photos"], /needs --permissions/],
    [["d", ...cloud, "io.cozy.files:READ"], /are no permissions/],
    [
      ["e", "--account", "alice", "--app", "a b", "--permissions", "io.cozy.files"],
      /cannot be an application/,
    ],
  ];
  for (const [args, message] of cases) {
    expect(await run(file, ["token", "add", ...args])).toMatchObject({
      code: 2,
      err: expect.stringMatching(message),
    });
  }
});

test("a removed token opens nothing", async () => {
  const made = await make("old", "--scope", "jobs:read");
  expect((await run(file, ["token", "remove", "old"])).code).toBe(0);
  await using store = await openStore(join(directory, "usher.db"));
  expect(await tokenBySecret(store.db, made.token, Date.now())).toBeUndefined();
  expect((await run(file, ["token", "remove", "old"])).err).toContain("usher token list");
});

test("removing an account removes its tokens", async () => {
  await run(file, ["account", "add", "bob", "--address", "bob@example.org"]);
  const made = await make("bobs", "--account", "bob", "--scope", "files:read");
  await run(file, ["account", "remove", "bob", "--yes"]);
  await using store = await openStore(join(directory, "usher.db"));
  expect(await tokenBySecret(store.db, made.token, Date.now())).toBeUndefined();
});

test.each([
  [["phone two", "--scope", "files:read"], 2, "cannot be a token's name"],
  [["a", "--scope", "files:write"], 2, "the scopes are notifications:read"],
  [["a", "--account", "alice", "--scope", "jobs:read"], 2, "leave out --account"],
  [["a", "--scope", "files:read", "--expires", "soon"], 2, "Write a whole number and a unit"],
  [["a", "--account", "nobody", "--scope", "files:read"], 1, "usher account list"],
  [["twice", "--scope", "files:read"], 1, "usher token remove twice"],
])("usher token add %j is refused with the way out", async (args, code, wayOut) => {
  if (args[0] === "twice") await make(...args);
  const refused = await run(file, ["token", "add", ...args]);
  expect(refused).toMatchObject({ code, out: "" });
  expect(refused.err).toContain(wayOut);
});
