import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesType } from "../../src/domain/cozy-document.ts";
import { xorId } from "../../src/protocols/cozy/xor-id.ts";
import { issueCozyToken } from "../../src/store/cozy-clients.ts";
import { openMember } from "../../src/store/cozy-sharings.ts";
import { received } from "./sharings-api/rows.ts";
import { bobHost, type InstanceWorld, openInstanceWorld } from "./world.ts";

const folder = "5ac1db62e49b4f4aa0d4c3d9f12e7a30";
const rootDir = "io.cozy.files.root-dir";

let world: InstanceWorld;
let app: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token("io.cozy.files:ALL io.cozy.tests:ALL io.cozy.contacts:ALL");
  await keep(folder, { type: "directory", name: "Holiday", dir_id: rootDir });
  await keep("diary", { type: "file", name: "Diary", dir_id: rootDir });
  await keep("letters", { type: "file", name: "Letters", dir_id: "gone" });
});
afterAll(async () => world[Symbol.asyncDispose]());

async function keep(id: string, body: object): Promise<void> {
  const reply = await world.ask("PUT", `/data/${filesType}/${id}`, { token: app, body });
  expect(reply.status).toBeLessThan(202);
}

/** What a member of a sharing that goes both ways was issued. */
async function membersToken(scope: string): Promise<string> {
  const { id } = await world.site.store.db
    .selectFrom("account")
    .select("id")
    .where("name", "=", "alice")
    .executeTakeFirstOrThrow();
  const token = { account_id: id, client_id: null, cozy_sharing_id: null, kind: "access", scope } as const;
  return issueCozyToken(world.site.store.db, { ...token, expires_at: null }, Date.now());
}

describe("a member who may write into a shared folder", () => {
  test.each([rootDir, "gone"])("takes in nothing of the account by making %s a folder of it", async (id) => {
    const token = await membersToken(`${filesType}:ALL:${folder}`);
    const shared = { type: "directory", name: "Mine", dir_id: folder };
    const query = `?Type=directory&Name=Mine&Dir_id=${folder}`;
    const answers = [
      await world.ask("PUT", `/data/${filesType}/${id}`, { token, body: shared }),
      await world.ask("POST", `/sharings/doc/${filesType}/${id}${query}`, { token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    await world.ask("PUT", `/data/${filesType}/${id}`, { token, body: { ...shared, type: "file" } });
    expect((await world.ask("PUT", `/data/${filesType}/${id}`, { token, body: shared })).status).toBe(403);
    for (const own of ["diary", "letters"]) {
      expect((await world.ask("GET", `/data/${filesType}/${own}`, { token })).status).toBe(403);
      expect((await world.ask("DELETE", `/data/${filesType}/${own}`, { token })).status).toBe(403);
    }
  });

  test("of a sharing of today takes in nothing either", async () => {
    const { id, token, key } = await memberOfToday();
    const bulk = async (document: object) =>
      world.ask("POST", `/sharings/${id}/_bulk_docs`, { token, body: { [filesType]: [document] } });
    const fresh = { _rev: "1-aa", _revisions: { start: 1, ids: ["aa"] }, name: "Mine" };
    const dir_id = xorId(folder, key);
    const taking = { ...fresh, _id: xorId(rootDir, key), type: "directory", dir_id };
    expect((await bulk({ ...fresh, _id: xorId("note", key), type: "file", dir_id })).status).toBe(200);
    expect((await bulk(taking)).status).toBe(403);
    const gone = { _id: xorId("diary", key), _rev: "9-aa", _revisions: { start: 9, ids: ["aa"] } };
    expect((await bulk({ ...gone, _deleted: true })).status).toBe(200);
    expect((await world.ask("GET", `/data/${filesType}/diary`, { token: app })).status).toBe(200);
  });

  test.each([
    "..%2Fdiary",
    "%2e%2e/diary",
    `${folder}%2F..%2Fdiary`,
    "DIARY",
    "diary%00",
    "diary/",
    "_design%2Fdiary",
    "_design/diary",
    "_local%2Fdiary",
    "_all_docs%2F",
    "diary?id=note",
    "/diary",
    "%EF%BD%84iary",
  ])("reaches nothing else as %s", async (name) => {
    const token = await membersToken(`${filesType}:ALL:${folder}`);
    for (const path of [
      `/data/${filesType}/${name}`,
      `/files/${name}`,
      `/sharings/doc/${filesType}/${name}`,
    ]) {
      for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
        const body = method === "GET" ? {} : { body: { type: "file", name: "x" } };
        const { status, text } = await world.ask(method, path, { token, ...body });
        expect([400, 401, 403, 404, 405], `${method} ${path}`).toContain(status);
        expect(text).not.toContain("Diary");
      }
    }
  });

  test.each(["IO.COZY.FILES", "io.cozy.files%20", "io.cozy.files.", "_design", "io.cozy.files%2Fdiary"])(
    "reaches nothing under the type %s",
    async (type) => {
      const token = await membersToken(`${filesType}:ALL:${folder}`);
      const statuses = [
        (await world.ask("GET", `/data/${type}/${folder}`, { token })).status,
        (await world.ask("PUT", `/data/${type}/${folder}`, { token, body: {} })).status,
        (await world.ask("PUT", `/sharings/doc/${type}/${folder}`, { token, body: {} })).status,
      ];
      for (const status of statuses) expect([400, 401, 403, 404]).toContain(status);
    },
  );
});

describe("somebody who shares with the account", () => {
  const settings = "io.cozy.settings/io.cozy.settings.sharings";

  test("changes no setting of it, whatever he says that he shares", async () => {
    const scope = "io.cozy.settings:ALL:io.cozy.settings.sharings";
    const { sharers: token } = await received(world, scope);
    const body = { app_destination: { drive: { [filesType]: "his" } } };
    const taken = await world.ask("POST", `/sharings/doc/${settings}`, { token, host: bobHost, body });
    expect(taken.status).toBe(403);
    const bob = await world.token("io.cozy.settings:ALL", { account: "bob" });
    expect((await world.ask("GET", `/data/${settings}`, { token: bob, host: bobHost })).status).toBe(404);
  });
});

/** A member of Alice's who accepted over the wire: his token, and the key of his ids. */
async function memberOfToday() {
  const contact = { email: [{ address: "dora@example.net" }], cozy: [{ url: "https://dora.cozy.example" }] };
  const made = await world.ask("POST", "/data/io.cozy.contacts/", { token: app, body: contact });
  const verbs = { add: "sync", update: "sync", remove: "sync" };
  const rules = [{ title: "Holiday", doctype: filesType, values: [folder], ...verbs }];
  const recipients = { data: [{ id: made.textAt("id"), type: "io.cozy.contacts" }] };
  const attributes = { description: "Holiday", rules };
  const data = { type: "io.cozy.sharings", attributes, relationships: { recipients } };
  const id = (await world.ask("POST", "/sharings/", { token: app, body: { data } })).textAt("data.id");
  const answered = await world.ask("POST", `/sharings/${id}/answer`, { body: await answerTo(id) });
  expect(answered.status).toBe(200);
  const token = answered.textAt("data.attributes.access_token.access_token");
  return { id, token, key: Buffer.from(answered.textAt("data.attributes.xor_key"), "base64") };
}

async function answerTo(documentId: string): Promise<object> {
  const member = await world.site.store.db
    .selectFrom("cozy_member")
    .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
    .where("cozy_sharing.document_id", "=", documentId)
    .selectAll("cozy_member")
    .executeTakeFirstOrThrow();
  const state = openMember(world.site.sealer, member, "secret_sealed");
  const client = { client_id: "c", client_secret: "s" };
  const access_token = { access_token: "a", refresh_token: "r", scope: "" };
  const attributes = { state, public_name: "Dora", client, access_token };
  return { data: { type: "io.cozy.sharings.answer", id: documentId, attributes } };
}
