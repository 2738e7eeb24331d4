import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesType } from "../../src/domain/cozy-document.ts";
import { xorId } from "../../src/protocols/cozy/xor-id.ts";
import { issueCozyToken } from "../../src/store/cozy-clients.ts";
import { openMember } from "../../src/store/cozy-sharings.ts";
import { addClient, received } from "./sharings-api/rows.ts";
import { bobHost, type InstanceWorld, openInstanceWorld, type Reply } from "./world.ts";

const folder = "5ac1db62e49b4f4aa0d4c3d9f12e7a30";
const rootDir = "io.cozy.files.root-dir";

let world: InstanceWorld;
let app: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token("io.cozy.files:ALL io.cozy.tests:ALL io.cozy.contacts:ALL");
  await keep(folder, { type: "directory", name: "Holiday", dir_id: rootDir });
  await keep("diary", { type: "file", name: "Diary", dir_id: rootDir });
  await keep("notes", { type: "file", name: "Notes", dir_id: "lost" });
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

describe("somebody who shares with the account, and is a member of a folder that it shares", () => {
  const erin = "https://erin.cozy.example";

  async function invited(values: readonly string[]): Promise<(document: object) => Promise<Reply>> {
    const id = createHash("md5").update(values.join()).digest("hex");
    const rules = [{ title: "His", doctype: filesType, values, add: "sync", update: "sync" }];
    const members = [{ instance: erin }, { instance: "https://cozy.example.net" }];
    const data = { type: "io.cozy.sharings", attributes: { description: "His", rules, members } };
    expect((await world.ask("PUT", `/sharings/${id}`, { body: { data } })).status).toBe(201);
    const token = await sharersToken(id);
    return async (document) =>
      world.ask("POST", `/sharings/${id}/_bulk_docs`, { token, body: { [filesType]: [document] } });
  }

  const fresh = { _rev: "1-aa", _revisions: { start: 1, ids: ["aa"] }, name: "His" };

  test("puts nothing of his into it", async () => {
    const bulk = await invited(["his-file"]);
    const reply = await bulk({ ...fresh, _id: "his-file", type: "file", dir_id: folder });
    expect(reply.status).toBe(200);
    const kept = await world.ask("GET", `/data/${filesType}/his-file`, { token: app });
    expect([kept.at("name"), kept.at("dir_id")]).toEqual(["His", undefined]);
    const token = await membersToken(`${filesType}:ALL:${folder}`);
    expect((await world.ask("GET", `/data/${filesType}/his-file`, { token })).status).toBe(403);
  });

  test("puts nothing of the account's into it, by a folder of his that others name", async () => {
    const bulk = await invited(["lost"]);
    const reply = await bulk({ ...fresh, _id: "lost", type: "directory" });
    expect(reply.status).toBe(403);
    const token = await membersToken(`${filesType}:ALL:${folder}`);
    expect((await world.ask("GET", `/data/${filesType}/notes`, { token })).status).toBe(403);
  });

  test("sends what lies in his folder before the folder itself", async () => {
    const bulk = await invited(["his-folder"]);
    expect((await bulk({ ...fresh, _id: "in-it", type: "file", dir_id: "his-folder" })).status).toBe(200);
    expect((await bulk({ ...fresh, _id: "his-folder", type: "directory" })).status).toBe(200);
    const kept = await world.ask("GET", `/data/${filesType}/in-it`, { token: app });
    expect(kept.at("dir_id")).toBe("his-folder");
  });
});

/** What a sharer was given whose request the account accepted. */
async function sharersToken(documentId: string): Promise<string> {
  const { db } = world.site.store;
  const sharing = await db
    .selectFrom("cozy_sharing")
    .select(["id", "account_id"])
    .where("document_id", "=", documentId)
    .executeTakeFirstOrThrow();
  await db.updateTable("cozy_sharing").set({ is_active: 1 }).where("id", "=", sharing.id).execute();
  const client_id = await addClient(world, sharing.account_id, sharing.id);
  const of = { account_id: sharing.account_id, client_id, cozy_sharing_id: sharing.id };
  const scope = `io.cozy.sharings:ALL:${documentId}`;
  return issueCozyToken(db, { ...of, kind: "access", scope, expires_at: null }, Date.now());
}

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
