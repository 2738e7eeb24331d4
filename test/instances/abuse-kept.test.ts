import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PeerRoute } from "../../src/http/peer-route.ts";
import { keepCozyToken } from "../../src/store/cozy-clients.ts";
import { type InstanceWorld, openInstanceWorld } from "./world.ts";

const own = "https://cozy.example.net";
const state = "kZ3iepoaihohz1YQ9kLmAw";
const preToken = "ab".repeat(32);
const driveToken = "drive-token-0123456789";

let world: InstanceWorld;
let app: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token("sharing io.cozy.tests:ALL io.cozy.files:ALL io.cozy.contacts:ALL");
  await world.ask("PUT", "/data/io.cozy.tests/t1", { token: app, body: { text: "Alice's" } });
});
afterAll(async () => world[Symbol.asyncDispose]());

/** A sharer of platform 2 asks for `t1` of a type of his; his shareID. */
async function asked(name: string): Promise<string> {
  const body = {
    shareID: `share-${name}`,
    sharerUrl: `https://${name}.cozy.example`,
    recipientUrl: own,
    rules: [{ id: `of-${name}`, docType: "event" }],
    desc: "Tickets",
    preToken,
  };
  expect((await world.ask("POST", "/services/sharing/request", { body })).status).toBe(200);
  return body.shareID;
}

/** What a sharer was given who was accepted. */
async function basicOf(shareId: string, name: string): Promise<string> {
  const { db } = world.site.store;
  const member = await db
    .selectFrom("cozy_member")
    .select("cozy_sharing_id")
    .where("instance_url", "=", `https://${name}.cozy.example`)
    .executeTakeFirstOrThrow();
  const { account_id } = await db
    .selectFrom("cozy_sharing")
    .select("account_id")
    .where("id", "=", member.cozy_sharing_id)
    .executeTakeFirstOrThrow();
  const of = { account_id, client_id: null, cozy_sharing_id: member.cozy_sharing_id, expires_at: null };
  const token = `${name}0`.padEnd(64, "0");
  await keepCozyToken(db, token, { ...of, kind: "v2", scope: "[]" }, Date.now());
  return `Basic ${Buffer.from(`${shareId}:${token}`).toString("base64")}`;
}

test("a sharer of platform 2 reads no checkpoint and no document of another, and none of CouchDB's own", async () => {
  const [dora, erin] = [
    await basicOf(await asked("dora"), "dora"),
    await basicOf(await asked("erin"), "erin"),
  ];
  const at = "/services/sharing/replication/";
  const as = async (authorization: string, method: string, path: string, body?: object) =>
    (
      await world.ask(method, at + path, {
        headers: { authorization },
        ...(body === undefined ? {} : { body }),
      })
    ).status;
  expect(await as(dora, "PUT", "_local/abc", { seq: 1 })).toBe(201);
  expect(await as(dora, "GET", "_local/abc")).toBe(200);
  expect(await as(erin, "GET", "_local/abc")).toBe(404);
  expect(await as(erin, "GET", "_local%2Fabc")).toBe(404);
  const doc = { _id: "of-dora", _rev: "1-a", _revisions: { start: 1, ids: ["a"] }, docType: "event" };
  expect(await as(dora, "POST", "_bulk_docs", { docs: [doc], new_edits: false })).toBe(201);
  for (const path of [
    "of-dora",
    "of%2Ddora",
    "../replication/of-dora",
    "OF-DORA",
    "t1",
    "of-erin/../of-dora",
  ]) {
    expect([403, 404], path).toContain(await as(erin, "GET", path));
  }
  for (const path of [
    "_design/x",
    "_DESIGN/x",
    "_security",
    "_all_dbs",
    "_users/x",
    "../_config",
    "_LOCAL/abc",
  ]) {
    for (const method of ["GET", "PUT", "POST"]) {
      expect([403, 404], `${method} ${path}`).toContain(
        await as(erin, method, path, method === "GET" ? undefined : {}),
      );
    }
  }
  const elsewhere = { ...doc, docType: "io.cozy.tests" };
  expect(await as(dora, "POST", "_bulk_docs", { docs: [elsewhere], new_edits: false })).toBe(403);
  const theirs = { ...doc, _id: "t1" };
  expect(await as(dora, "POST", "_bulk_docs", { docs: [theirs], new_edits: false })).toBe(403);
  expect(await as(dora, "POST", "_all_docs", { keys: ["t1"] })).toBe(403);
});

async function kept(): Promise<string> {
  const { db } = world.site.store;
  return JSON.stringify(
    await Promise.all([
      db.selectFrom("cozy_sharing").selectAll().execute(),
      db.selectFrom("cozy_member").selectAll().execute(),
      db.selectFrom("cozy_document").selectAll().execute(),
      db.selectFrom("cozy_token").selectAll().execute(),
      db.selectFrom("cozy_client").selectAll().execute(),
      db.selectFrom("recipient").selectAll().execute(),
      db.selectFrom("job").select(["id", "kind", "payload_json"]).execute(),
      db.selectFrom("notification").selectAll().execute(),
      db.selectFrom("api_token").selectAll().execute(),
    ]),
  );
}

function pathOf({ path }: PeerRoute, id: string): string {
  const named: Readonly<Record<string, string>> = { doctype: "io.cozy.tests", file: "f1", id };
  return path.replaceAll(/:(\w+)/g, (_, name: string) => named[name] ?? "x").replace("*", "t1");
}

describe("who only looks", () => {
  test("changes nothing, with a token and without, by GET and by HEAD", async () => {
    const permissions = { doc: { type: "io.cozy.tests", values: ["t1"] } };
    const body = { sharing_type: "master-master", permissions, recipients: [{ email: "dora@example.net" }] };
    const shared = await world.ask("POST", "/sharings/", { token: app, body });
    const sharingId = shared.textAt("data.attributes.sharing_id");
    const recipient = shared.textAt("data.relationships.recipients.data.0.id");
    const before = await kept();
    for (const route of world.origins.routes.filter(({ method }) => method === "GET")) {
      const id = route.path.startsWith("/data") ? "t1" : shared.textAt("data.id");
      for (const method of ["GET", "HEAD"]) {
        await world.ask(method, pathOf(route, id), { token: app });
        await world.ask(method, pathOf(route, id));
      }
    }
    const query = `sharing_id=${sharingId}&recipient_id=${recipient}&recipient_email=dora%40example.net`;
    const form = await world.ask("GET", `/sharings/discovery?${query}`);
    expect(form.status).toBe(200);
    expect(await kept()).toBe(before);
  });
});

test("no secret that strangers and sharers send stands in the store, its records or the log", async () => {
  const rules = [{ title: "Test", doctype: "io.cozy.tests", values: ["t9"], add: "sync" }];
  const members = [{ instance: "https://fay.cozy.example" }, { instance: own }];
  const credentials = [{ drive_token: driveToken, state }];
  const attributes = { description: "Drive", drive: true, rules, members, credentials };
  const data = { type: "io.cozy.sharings", attributes };
  const id = "f".repeat(32);
  expect((await world.ask("PUT", `/sharings/${id}?shortcut=true`, { body: { data } })).status).toBe(201);
  const stored = await wholeStore();
  expect(stored.includes("fay.cozy.example")).toBe(true);
  for (const secret of [state, driveToken, preToken, app]) {
    expect(stored.includes(secret)).toBe(false);
    expect(world.logged()).not.toContain(secret);
  }
});

/** The bytes of the database and of what was not put into it yet. */
async function wholeStore(): Promise<Buffer> {
  const file = world.site.config.store.file;
  const parts = await Promise.all(
    [file, `${file}-wal`].map(async (path) => readFile(path).catch(() => Buffer.alloc(0))),
  );
  return Buffer.concat(parts);
}
