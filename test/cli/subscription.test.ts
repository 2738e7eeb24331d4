import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOrigins } from "../../src/origins.ts";
import { lookBehind, notesInLog } from "../../src/receiving/browse.ts";
import { openSite, type Site } from "../../src/site.ts";
import { newId } from "../../src/store/ids.ts";
import { addTarget, insertNotification } from "../../src/store/notifications.ts";
import { contentOf } from "../world/ox/documents.ts";
import { type OxOrigin, startOxOrigin } from "../world/ox/origin.ts";
import { makeCertificates } from "../world/tls.ts";
import { type Ran, run } from "./in-process.ts";

const hostname = "share.cloud-a.example";
const plan = { id: "9087", name: "plan.txt", sizeBytes: 0, text: "quay and crane\n" };
const film = { id: "9100", name: "film.mkv", sizeBytes: 200_000 };

let directory: string;
let config: string;
let origin: OxOrigin;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-subscription-"));
  const certificates = await makeCertificates(directory);
  origin = await startOxOrigin({ tls: await certificates.certificate([hostname]), hostname });
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(directory, "ca.pem"), certificates.ca);
  const exception = { host: hostname, port: origin.port, cidr: "127.0.0.0/8", address: "127.0.0.1" };
  const document = {
    store: { file: join(directory, "usher.db") },
    key: { file: "key" },
    outbound: { exceptions: [{ ...exception, ca: join(directory, "ca.pem") }] },
  };
  await writeFile(config, JSON.stringify(document));
  await mustRun("account", "add", "bob", "--address", "bob@example.org");
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function usher(...args: readonly string[]): Promise<Ran> {
  return run(config, args);
}

async function mustRun(...args: readonly string[]): Promise<Ran> {
  const ran = await usher(...args);
  expect(ran.code, ran.err).toBe(0);
  return ran;
}

async function inSite<T>(work: (site: Site) => Promise<T>): Promise<T> {
  const opened = await openSite({ configFile: config, env: {}, owner: "command", writeLog: () => undefined });
  if (!opened.ok) throw new Error("The configuration of the test is wrong.");
  await using site = opened.site;
  const done = await work(site);
  return done;
}

/** A share of one folder with a file and a subfolder, followed by bob. */
async function followed() {
  const guest = origin.addGuest({ mail: "bob@example.org" });
  const folder = guest.token.slice(0, 6);
  const below = `${folder}1`;
  origin.addFolder({ id: folder, title: "Harbour", files: [plan], guests: [guest.token] });
  origin.addFolder({ id: below, title: "Films", parent: folder, files: [film] });
  const id = newId("n");
  await inSite(async ({ store, sealer }) => {
    const { id: account } = await store.db.selectFrom("account").select("id").executeTakeFirstOrThrow();
    const link = sealer.seal(origin.link(guest.token, folder), {
      table: "notification",
      row: id,
      column: "link_sealed",
    });
    await insertNotification(store.db, {
      id,
      account_id: account,
      protocol: "ox",
      variant: "share-created",
      origin: origin.origin,
      share_key: guest.token.slice(0, 32),
      share_hint: "…",
      link_sealed: link,
      password_sealed: null,
      recipient_kind: "named-guest",
      module: "files",
      title: "Harbour",
      sharer_name: "Alice",
      sharer_address: "alice@example.org",
      state: "held",
      reason: null,
      detail: null,
      created_at: Date.now(),
      updated_at: Date.now(),
      expires_at: null,
    });
    await addTarget(store.db, id, { module: "files", folder, item: null, title: "Harbour" });
  });
  await mustRun("notification", "accept", id, "--wait");
  const subscription = await inSite(async ({ store }) =>
    store.db
      .selectFrom("subscription")
      .select("id")
      .where("notification_id", "=", id)
      .executeTakeFirstOrThrow(),
  );
  return { guest, notification: id, id: subscription.id };
}

async function setModules(modules: readonly string[]): Promise<void> {
  await inSite(async ({ store }) =>
    store.db
      .updateTable("account")
      .set({ modules_json: JSON.stringify(modules) })
      .execute(),
  );
}

async function outcomes(notification: string): Promise<readonly Record<string, unknown>[]> {
  const { out } = await mustRun("notification", "explain", notification, "--json");
  const told: { record: readonly { kind: string; detail: Record<string, unknown> }[] } = JSON.parse(out);
  return told.record.filter(({ kind }) => kind === "outcome").map(({ detail }) => detail);
}

test("a folder behind a share is listed live, with one line in the record", async () => {
  const { id, notification } = await followed();
  const root = await mustRun("subscription", "browse", id, "--json");
  expect(JSON.parse(root.out)).toMatchObject({
    path: "",
    entries: [
      { name: "Films", kind: "folder" },
      { name: "plan.txt", kind: "file" },
    ],
  });
  const films = await mustRun("subscription", "browse", id, "Films");
  expect(films.out).toMatch(/file\s+200000\s+film\.mkv/);
  const climbing = await usher("subscription", "browse", id, "../..");
  expect(climbing).toMatchObject({ code: 1, err: expect.stringContaining("browse the folder above it") });
  const seen = (await outcomes(notification)).filter(({ what }) => what === "browse");
  expect(seen.map(({ path, got }) => ({ path, got }))).toEqual([
    { path: "", got: "listed" },
    { path: "Films", got: "listed" },
    { path: "../..", got: "no-such-path" },
  ]);
  expect(origin.openSessions()).toBe(0);
});

test("a file comes to standard output, whole or in part", async () => {
  const { id } = await followed();
  expect((await mustRun("subscription", "get", id, "plan.txt")).out).toBe(plan.text);
  expect((await mustRun("subscription", "get", id, "plan.txt", "--range", "5-7")).out).toBe("and");
  expect((await usher("subscription", "get", id, "plan.txt", "--range", "7-5")).code).toBe(2);
  expect(await usher("subscription", "get", id, "plan.txt", "--range", "100-")).toMatchObject({
    code: 1,
    err: expect.stringContaining("15 bytes"),
  });
  expect((await usher("subscription", "get", id, "Films")).err).toContain("is a folder");
  expect(origin.openSessions()).toBe(0);
});

test("a file is written whole, for its owner alone, and over no other file", async () => {
  const { id } = await followed();
  const file = join(directory, "film.mkv");
  await mustRun("subscription", "get", id, "Films/film.mkv", "--output", file);
  expect((await readFile(file)).equals(contentOf(film))).toBe(true);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const before = origin.requests().length;
  const again = await usher("subscription", "get", id, "plan.txt", "--output", file);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining("--force") });
  expect(origin.requests()).toHaveLength(before);
  await mustRun("subscription", "get", id, "plan.txt", "--output", file, "--force");
  expect(await readFile(file, "utf8")).toBe(plan.text);
});

test("a file that breaks off is told of, and no part of it stays", async () => {
  const { id } = await followed();
  origin.misbehave({ kind: "cut", afterBytes: 1000 }, "document");
  const file = join(directory, "cut.mkv");
  const cut = await usher("subscription", "get", id, "Films/film.mkv", "--output", file);
  origin.behave();
  expect(cut).toMatchObject({ code: 1, err: expect.stringMatching(/broke off after \d+ bytes/) });
  expect((await readdir(directory)).filter((name) => name.startsWith("cut"))).toEqual([]);
  expect(origin.openSessions()).toBe(0);
});

test("a revoked share says so, and the next check ends the subscription", async () => {
  const { id, guest } = await followed();
  origin.revoke(guest.token);
  const refused = await usher("subscription", "browse", id);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("revoked") });
  const planned = await inSite(async ({ store }) =>
    store.db.selectFrom("job").select("kind").where("subject", "=", id).execute(),
  );
  expect(planned.map(({ kind }) => kind)).toContain("check-subscription");
  expect((await mustRun("subscription", "check", id)).out).toContain("REMOVED");
  expect((await usher("subscription", "browse", id)).err).toContain("has ended");
});

test("two that get the same file at once, and somebody's own file beside it, do not harm each other", async () => {
  const { id } = await followed();
  const file = join(directory, "twice.txt");
  await writeFile(`${file}.part`, "mine");
  const get = async () => mustRun("subscription", "get", id, "plan.txt", "--output", file, "--force");
  await Promise.all([get(), get()]);
  expect(await readFile(file, "utf8")).toBe(plan.text);
  expect(await readFile(`${file}.part`, "utf8")).toBe("mine");
  expect((await readdir(directory)).filter((name) => name.startsWith("twice"))).toHaveLength(2);
});

test("a subscription outlives a module that the account lost for a while", async () => {
  const { id } = await followed();
  await setModules(["calendar"]);
  expect((await mustRun("subscription", "check", id)).out).toContain("INACCESSIBLE");
  await setModules(["files"]);
  expect((await mustRun("subscription", "check", id)).out).toContain("SUBSCRIBED");
});

test("a look for the API tells its requests to the log, and writes nothing even where the origin refuses", async () => {
  const { id, guest } = await followed();
  await inSite(async (site) => {
    await using origins = createOrigins(site, () => site.config);
    const told: unknown[] = [];
    const tell = (...line: readonly unknown[]): number => told.push(line);
    const behind = lookBehind(origins.parts, notesInLog({ tell }));
    const { signal } = new AbortController();
    const before = await stored(site);
    expect(await behind.browse(id, "", signal)).toMatchObject({ kind: "listed" });
    const opened = await behind.open(id, { path: "plan.txt", range: null }, signal);
    expect(opened).toMatchObject({ kind: "opened", sizeBytes: plan.text.length });
    if (opened.kind === "opened") await opened[Symbol.asyncDispose]();
    origin.revoke(guest.token);
    expect(await behind.browse(id, "", signal)).toMatchObject({ kind: "no", because: "share-revoked" });
    expect(await stored(site)).toEqual(before);
    expect(told).toContainEqual([
      "files-asked-for",
      expect.objectContaining({ subscription: id, status: 200 }),
    ]);
    expect(JSON.stringify(told)).not.toContain(guest.token);
  });
});

async function stored({ store: { db } }: Site): Promise<readonly unknown[]> {
  return Promise.all([
    db.selectFrom("record").selectAll().execute(),
    db.selectFrom("job").selectAll().execute(),
    db.selectFrom("subscription").selectAll().execute(),
    db.selectFrom("notification").selectAll().execute(),
  ]);
}
