import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run, type Ran } from "./in-process.ts";

let directory: string;
let config: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-account-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`);
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function account(...args: readonly string[]): Promise<Ran> {
  return run(config, ["account", ...args]);
}

test("an account is added, listed, shown and removed", async () => {
  const added = await account(
    "add",
    "alice",
    "--address",
    "alice@example.org",
    "a.b@Example.ORG",
    "--locale",
    "de",
  );
  expect(added).toMatchObject({ code: 0, err: "" });
  expect(added.out).toContain("usher mailbox add alice");
  expect(await account("add", "bob", "--address", "bob@example.org", "--module", "files")).toMatchObject({
    code: 0,
  });
  const listed = JSON.parse((await account("list", "--json")).out);
  expect(listed).toMatchObject([
    { name: "alice", locale: "de", addresses: ["alice@example.org", "a.b@Example.ORG"], mailbox: null },
    { name: "bob", locale: "en", modules: ["files"] },
  ]);
  expect((await account("show", "alice")).out).toMatch(/addresses +alice@example.org, a.b@Example.ORG/);
  expect(await account("remove", "alice")).toMatchObject({ code: 2 });
  expect(await account("remove", "alice", "--yes")).toMatchObject({ code: 0 });
  expect((await account("show", "alice")).err).toContain(
    "there is no account alice; usher account list shows them",
  );
});

test("what cannot be an account is refused with the reason, and leaves nothing behind", async () => {
  await account("add", "alice", "--address", "alice@example.org");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["add", "alice", "--address", "x@example.org"], /there is an account alice already/],
    [
      ["add", "carla", "--address", "carla@example.org", "alice@EXAMPLE.org"],
      /belongs to account alice already/,
    ],
    [["add", "carla", "--address", "carla"], /carla is no mail address/],
    [["add", "Carla X", "--address", "c@example.org"], /cannot be an account's name/],
    [["add", "carla", "--address", "c@example.org", "--module", "files,mail"], /there is no module mail/],
    [["add", "carla", "--address", "c@example.org", "--locale", "german-ish-nonsense"], /no language tag/],
    [["add", "carla"], /--address/],
    [["remove", "nobody", "--yes"], /there is no account nobody/],
    [["home", "remove", "alice"], /has no home server/],
  ];
  for (const [args, message] of cases) {
    const ran = await account(...args);
    expect(ran.code, args.join(" ")).toBeGreaterThan(0);
    expect(ran.err).toMatch(message);
  }
  expect(JSON.parse((await account("list", "--json")).out)).toHaveLength(1);
  expect(await account("add", "carla", "--address", "carla@example.org")).toMatchObject({ code: 0 });
});

test("an instance host is given in A-labels, once, shown, and taken away", async () => {
  await account("add", "alice", "--address", "alice@example.org", "--instance", "Älice.share.example.org");
  await account("add", "bob", "--address", "bob@example.org");
  expect((await account("show", "alice")).out).toMatch(/instance host +xn--lice-koa\.share\.example\.org/);
  const given = await account("instance", "bob", "bob.share.example.org:8443", "--json");
  expect(JSON.parse(given.out)).toMatchObject({ name: "bob", instance_host: "bob.share.example.org:8443" });
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["instance", "bob", "xn--lice-koa.share.example.org"], /instance host of account alice already/],
    [["change", "bob", "--instance", "https://x/y"], /is no host/],
    [["instance", "bob", "user@share.example.org"], /is no host/],
    [["instance", "bob"], /give the host/],
    [["instance", "bob", "x.example.org", "--none"], /give the host/],
  ];
  for (const [args, message] of cases) {
    const ran = await account(...args);
    expect(ran.code, args.join(" ")).toBeGreaterThan(0);
    expect(ran.err).toMatch(message);
  }
  expect((await account("show", "bob")).out).toMatch(/instance host +bob\.share\.example\.org:8443/);
  expect(await account("instance", "bob", "--none")).toMatchObject({ code: 0 });
  expect(JSON.parse((await account("show", "bob", "--json")).out)).toMatchObject({ instance_host: null });
});

test("the address for other clouds is told where they can reach the site", async () => {
  const base = `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`;
  await account("add", "alice", "--address", "alice@example.org");
  expect(JSON.parse((await account("show", "alice", "--json")).out)).toMatchObject({ ocm_address: null });
  const server = `server: {publicUrl: "https://usher.example.org:8443"}\n`;
  await writeFile(config, base + server);
  expect((await account("show", "alice")).out).toContain("alice@usher.example.org:8443");
  await writeFile(config, `${base}${server}ocm: {enabled: false}\n`);
  expect(JSON.parse((await account("show", "alice", "--json")).out)).toMatchObject({ ocm_address: null });
});

test("the site's own host is no account's", async () => {
  const key = `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`;
  await writeFile(config, `${key}server: {publicUrl: "https://usher.example.org"}\n`);
  await account("add", "alice", "--address", "alice@example.org");
  expect((await account("instance", "alice", "USHER.example.org")).err).toMatch(/the site's own host/);
});

test("a home server is set with its password sealed, and never shown", async () => {
  await account("add", "alice", "--address", "alice@example.org");
  const password = join(directory, "password");
  await writeFile(password, "home-secret\n", { mode: 0o600 });
  const home = ["home", "add", "alice", "--login", "alice", "--password-file", password];
  expect((await account(...home, "--ox", "http://ox.example.org/ajax/")).err).toContain(
    "no address of an OX server",
  );
  expect((await account(...home, "--ox", "https://a:b@ox.example.org/")).code).toBe(2);
  const added = await account(...home, "--ox", "https://ox.example.org");
  expect(added).toMatchObject({ code: 0, err: "" });
  const shown = await account("show", "alice", "--json");
  expect(JSON.parse(shown.out)).toMatchObject({
    homes: [{ kind: "ox", url: "https://ox.example.org/ajax/" }],
  });
  expect(
    (await account("home", "add", "alice", "--login", "a", "--ox", "https://ox.example.org")).err,
  ).toContain("--password-file");
  const files = await Promise.all(
    ["usher.db", "usher.db-wal"].map(async (name) =>
      readFile(join(directory, name)).catch(() => Buffer.alloc(0)),
    ),
  );
  expect(Buffer.concat(files).includes("home-secret")).toBe(false);
  expect(shown.out + added.out).not.toContain("home-secret");
  expect(await account("home", "remove", "alice")).toMatchObject({ code: 0 });
});

test("an account that stands gets other addresses, another language and other modules", async () => {
  await account("add", "alice", "--address", "alice@example.org");
  await account("add", "bob", "--address", "bob@example.org");
  const addresses = ["--add-address", "a@example.org", "--primary", "a@example.org"];
  const changed = await account("change", "alice", ...addresses, "--locale", "de", "--module", "files");
  expect(changed).toMatchObject({ code: 0, err: "" });
  const shown = JSON.parse((await account("show", "alice", "--json")).out);
  expect(shown).toMatchObject({
    addresses: ["a@example.org", "alice@example.org"],
    locale: "de",
    modules: ["files"],
  });
  // The primary address goes: the other one takes its place.
  await account("change", "alice", "--remove-address", "a@example.org");
  expect(JSON.parse((await account("show", "alice", "--json")).out).addresses).toEqual(["alice@example.org"]);
});

test("a change that cannot be made changes nothing and says why", async () => {
  await account("add", "alice", "--address", "alice@example.org");
  await account("add", "bob", "--address", "bob@example.org");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /nothing to change was given/],
    [["--add-address", "x@example.org", "bob@example.org"], /belongs to account bob already/],
    [
      ["--add-address", "x@example.org", "--remove-address", "y@example.org"],
      /y@example.org is no address of/,
    ],
    [["--remove-address", "alice@example.org"], /the only address of account alice/],
    [["--module", "files,mail"], /there is no module mail/],
  ];
  for (const [options, why] of cases) {
    const refused = await account("change", "alice", ...options);
    expect(refused.code, refused.err).toBeGreaterThan(0);
    expect(refused.err).toMatch(why);
  }
  const shown = JSON.parse((await account("show", "alice", "--json")).out);
  expect(shown.addresses).toEqual(["alice@example.org"]);
});
