import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ownKeys } from "../../src/federation/peers/own-keys.ts";
import { fingerprint } from "../../src/federation/peers/peer-keys.ts";
import { recordKeyConflict, trustPeerKey } from "../../src/store/ocm-peer-keys.ts";
import { recordRefusal } from "../../src/store/ocm-refusals.ts";
import { createSealer, generateKey } from "../../src/store/sealing.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { run } from "./in-process.ts";

const host = "cloud.example.com";
const trustedId = `https://${host}/ocm#signature`;
const cameId = `https://${host}/index.php/ocm#signature`;
const key = randomBytes(32).toString("base64");
let trusted: KeyObject;
let came: KeyObject;
let directory: string;
let config: string;

beforeAll(() => {
  trusted = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  came = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-doctor-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), key, { mode: 0o600 });
  await configure("https://usher.example.net");
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function configure(publicUrl: string): Promise<void> {
  const server = `server: {publicUrl: "${publicUrl}", listen: "unix:${join(directory, "socket")}"}`;
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n${server}\n`);
}

function pem(of: KeyObject): string {
  return of.export({ type: "spki", format: "pem" }).toString();
}

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  await using store = await openStore(join(directory, "usher.db"));
  await work(store);
}

/** A peer that is trusted by one key and came with another. */
async function conflicting(): Promise<void> {
  await withStore(async ({ db }) => {
    await db
      .insertInto("ocm_peer")
      .values({ host, discovered_at: Date.parse("2026-07-07T09:00:00Z") })
      .execute();
    const first = { host, scheme: "cavage", key_id: trustedId, public_key: pem(trusted) } as const;
    await trustPeerKey(db, first, Date.parse("2026-03-01T10:00:00Z"));
    const name = { host, scheme: "cavage", keyId: trustedId } as const;
    const atMs = Date.parse("2026-07-07T10:00:00Z");
    await recordKeyConflict(db, name, { keyId: cameId, publicKey: pem(came) }, atMs);
    await recordRefusal(db, { host, because: "key-changed", detail: "It signs with another key." }, atMs);
    await recordRefusal(
      db,
      { host, because: "key-changed", detail: "It signs with another key." },
      atMs + 60_000,
    );
  });
}

test("a server that does not verify is shown with its reason, and where to read more", async () => {
  await conflicting();
  const { out, code } = await run(config, ["doctor"]);
  expect(code).toBe(0);
  expect(out).toContain("usher doctor peer HOST");
  expect(out).toMatch(/cloud\.example\.com +2026-07-07 10:00:00Z +2026-07-07 10:01:00Z +key-changed/);
});

test("what was expected of it, what came, since when and the way out is told", async () => {
  await conflicting();
  const { out } = await run(config, ["doctor", "peer", `https://${host}/`]);
  expect((await run(config, ["doctor", "peer", `http://${host}`])).out).toBe(out);
  const lines = out.split("\n");
  expect(lines.find((line) => line.startsWith("trusted"))).toMatch(
    new RegExp(`cavage +${trustedId} +${fingerprint(trusted)} +2026-03-01 10:00:00Z`),
  );
  expect(lines.find((line) => line.startsWith("refused"))).toMatch(
    new RegExp(`cavage +${cameId} +${fingerprint(came)} +2026-07-07 10:00:00Z`),
  );
  expect(out).toContain("since 2026-07-07 10:00:00Z, last 2026-07-07 10:01:00Z: key-changed");
  expect(out).toContain(`usher doctor peer ${host} --forget-key`);
  const shown = JSON.parse((await run(config, ["doctor", "peer", host, "--json"])).out);
  expect(shown).toMatchObject({
    host,
    keys: [{ keyId: trustedId, conflict: { keyId: cameId, fingerprint: fingerprint(came) } }],
    refusal: { because: "key-changed" },
  });
});

test("its keys are forgotten when asked for, and it is looked at anew", async () => {
  await conflicting();
  const forgotten = await run(config, ["doctor", "peer", host, "--forget-key"]);
  expect(forgotten).toMatchObject({ code: 0, err: "" });
  expect(forgotten.out).toContain(`No key of ${host} is trusted now.`);
  const { out } = await run(config, ["doctor", "peer", host]);
  expect(out).toContain("No key of it is trusted");
  expect(out).toContain("Nothing of it is refused");
  await withStore(async ({ db }) => {
    expect(await db.selectFrom("ocm_peer").select("discovered_at").execute()).toEqual([{ discovered_at: 0 }]);
  });
  expect(await run(config, ["doctor", "peer", host, "--forget-key"])).toMatchObject({
    code: 1,
    err: `usher: no key of ${host} is trusted; usher doctor peer ${host} shows what is known of it`,
  });
});

test("a server that nobody knows, and what is no server, is a clear refusal", async () => {
  expect(await run(config, ["doctor", "peer", "unknown.example"])).toMatchObject({
    code: 1,
    err: "usher: nothing is known of unknown.example; usher doctor shows the servers that do not verify",
  });
  expect(await run(config, ["doctor", "peer", "not a host"])).toMatchObject({ code: 2 });
});

test("the keys of the site are shown, and told to be of another host after its address changed", async () => {
  expect((await run(config, ["doctor", "keys"])).out).toContain("There are none yet");
  await withStore(async (store) => {
    const sealer = createSealer(generateKey());
    await ownKeys({
      store,
      sealer,
      siteUrl: () => "https://usher.example.net",
      settings: () => ({ keys: null }),
    });
  });
  const { out } = await run(config, ["doctor", "keys"]);
  expect(out).toMatch(/cavage +https:\/\/usher\.example\.net\/ocm#signature +[0-9a-f]{64}/);
  expect(out).not.toContain("--rename");
  await configure("https://share.example.org");
  for (const command of [["doctor"], ["doctor", "keys"]]) {
    expect((await run(config, command)).out).toContain("usher doctor keys --rename");
  }
  const renamed = JSON.parse((await run(config, ["doctor", "keys", "--rename", "--json"])).out);
  expect(renamed).toMatchObject([
    { keyId: "https://share.example.org/ocm#signature" },
    { keyId: "https://share.example.org/ocm#ed25519-1" },
  ]);
  expect((await run(config, ["doctor"])).out).not.toContain("--rename");
});
