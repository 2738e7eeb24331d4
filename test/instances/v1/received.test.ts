import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { issueTokens } from "../../../src/instances/oauth/tokens.ts";
import { writeDocument } from "../../../src/store/cozy-documents.ts";
import { cozyMembersOf, cozySharingByShareId } from "../../../src/store/cozy-sharings.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { answer, openRecipientWorld, type RecipientWorld, share, type Sharing } from "./recipient-world.ts";

// What a sharer of 2017 sends to who accepted. The cases of cozy-stack that a test takes over are named at it.

const files = "io.cozy.files";
const album = "io.cozy.photos.albums";
const rules = {
  docs: { type: "io.cozy.events", verbs: ["ALL"], values: ["e1", "own"] },
  folder: { type: files, verbs: ["ALL"], values: ["d1", "own-folder"] },
  photos: { type: files, verbs: ["ALL"], values: [`${album}/a1`], selector: "referenced_by" },
};
const read = { notes: { type: "io.cozy.notes", verbs: ["GET"], values: ["n1"] } };

let world: RecipientWorld;
let sharingId: string;
let token: string;
let app: RecipientWorld["app"];
beforeAll(async () => {
  world = await openRecipientWorld();
  ({ sharingId, token } = await accepted({ permissions: { ...rules, ...read } }));
  app = await world.bob.app(`io.cozy.events:ALL ${files}:ALL io.cozy.notes:ALL`);
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.bob.site.store.db.deleteFrom("cozy_document").execute();
});

/** Bob accepts a sharing of Alice; a token as her Cozy has it. */
async function accepted(sharing: Sharing) {
  const { link, sharingId: shareId } = await share(world, sharing);
  await answer(world, link);
  const { site, accountId } = world.bob;
  const row = await cozySharingByShareId(site.store.db, accountId, "v1a", shareId);
  const [sharer] = await cozyMembersOf(site.store.db, row?.id ?? "");
  const scope = new URL(link).searchParams.get("scope") ?? "";
  const grant = {
    accountId,
    clientId: sharer?.inbound_client_id ?? "",
    cozySharingId: row?.id ?? null,
    scope,
  };
  const { access } = await issueTokens(site.store.db, grant, Date.now());
  return { sharingId: shareId, token: access, rowId: row?.id ?? "" };
}

interface Sent {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: string;
}

async function send(method: string, path: string, { query = {}, body, headers, as = token }: Sent = {}) {
  const asked = new URLSearchParams({ Sharing_id: sharingId, ...query });
  const answered = await world.bob.ask(method, `${path}?${asked.toString()}`, {
    headers: { authorization: `Bearer ${as}`, ...headers },
    body,
  });
  return { status: answered.status, body: readObject(answered.text), text: answered.text };
}

async function revOf(place: string): Promise<string> {
  return String(readObject((await app("GET", `/data/${place}`)).text)?.["_rev"]);
}

async function atBob(place: string) {
  const { status, text } = await app("GET", `/data/${place}`);
  return status === 200 ? readObject(text) : null;
}

const event = "/sharings/doc/io.cozy.events/e1";

describe("documents", () => {
  // web/sharings: TestReceiveDocumentSuccessJSON, TestUpdateDocumentSuccessJSON, TestUpdateDocumentConflictError, TestDeleteDocumentSuccessJSON
  test("come, change and go, each in the revision that is named", async () => {
    expect((await send("POST", event, { body: { title: "Fair" } })).status).toBe(200);
    expect(await atBob("io.cozy.events/e1")).toMatchObject({ title: "Fair" });
    expect((await send("POST", event, { body: { title: "Again" } })).status).toBe(409);
    const rev = await revOf("io.cozy.events/e1");
    expect((await send("PUT", event, { query: { rev: "1-0" }, body: { title: "Old" } })).status).toBe(409);
    expect((await send("PUT", event, { query: { rev }, body: { title: "New" } })).status).toBe(200);
    expect((await send("DELETE", event, { query: { rev } })).status).toBe(409);
    expect(await atBob("io.cozy.events/e1")).toMatchObject({ title: "New" });
    const now = await revOf("io.cozy.events/e1");
    expect((await send("DELETE", event, { query: { rev: now } })).status).toBe(200);
    expect(await atBob("io.cozy.events/e1")).toBeNull();
    expect((await send("DELETE", event, { query: { rev: now } })).status).toBe(404);
    expect((await send("PUT", event, { query: { rev: now }, body: {} })).status).toBe(404);
  });

  test("that are no JSON object are not taken", async () => {
    for (const body of [[1], "text", null]) expect((await send("POST", event, { body })).status).toBe(400);
    expect(await atBob("io.cozy.events/e1")).toBeNull();
  });

  test("are open to the rules alone, whatever is there", async () => {
    const { bob } = world;
    const key = { accountId: bob.accountId, doctype: "io.cozy.events", id: "own" };
    const own = { content: null, isDeleted: false, receivedThrough: null, revision: null };
    await writeDocument(bob.site.store.db, key, { ...own, body: { title: "Bob's own" } });
    const rev = await revOf("io.cozy.events/own");
    // A rule of the sharer's that names a document of Bob's opens nothing.
    for (const [method, body] of [
      ["POST", { title: "x" }],
      ["PUT", { title: "x" }],
      ["DELETE", undefined],
    ] as const) {
      expect((await send(method, "/sharings/doc/io.cozy.events/own", { query: { rev }, body })).status).toBe(
        403,
      );
    }
    expect((await send("GET", "/data/io.cozy.events/own")).status).toBe(403);
    expect((await send("GET", "/data/io.cozy.events/_all_docs")).text).not.toContain("Bob's own");
    expect((await send("POST", "/sharings/doc/io.cozy.events/e2", { body: {} })).status).toBe(403);
    // The rule of this one lets it be read.
    expect((await send("POST", "/sharings/doc/io.cozy.notes/n1", { body: {} })).status).toBe(403);
    expect(await atBob("io.cozy.events/own")).toMatchObject({ title: "Bob's own" });
  });

  test("are nobody's without a token, or with that of an ended sharing", async () => {
    expect((await send("POST", event, { body: {}, as: "wrong" })).status).toBe(401);
    const other = await accepted({ permissions: { docs: rules.docs } });
    expect((await send("POST", event, { body: { a: 1 }, as: other.token })).status).toBe(200);
    await world.alice.owner.revoke(other.sharingId);
    expect((await send("GET", "/data/io.cozy.events/e1", { as: other.token })).status).toBe(401);
  });

  test("of one sharing are reached by another of the same sharer, who names them too", async () => {
    const other = await accepted({ permissions: { docs: rules.docs } });
    expect((await send("POST", event, { body: { a: 1 }, as: other.token })).status).toBe(200);
    const rev = await revOf("io.cozy.events/e1");
    expect((await send("PUT", event, { query: { rev }, body: { a: 2 } })).status).toBe(200);
  });
});

describe("files and folders", () => {
  const dir = `/sharings/doc/${files}/d1`;
  const file = `/sharings/doc/${files}/f1`;
  const bytes = Buffer.from("spray and foam\n");
  const md5 = createHash("md5").update(bytes).digest("base64");
  const described = { Type: "file", Name: "sea.txt", Executable: "false", Dir_id: "d1" };
  const typed = { "content-type": "text/plain", "content-md5": md5 };

  async function sendBoth(): Promise<void> {
    expect((await send("POST", dir, { query: { Type: "directory", Name: "Sea", Tags: "a,b" } })).status).toBe(
      200,
    );
    const times = {
      Created_at: "Tue, 07 Nov 2017 10:00:00 GMT",
      Updated_at: "Tue, 07 Nov 2017 11:00:00 GMT",
    };
    const sent = await send("POST", file, { query: { ...described, ...times }, body: bytes, headers: typed });
    expect(sent.status).toBe(200);
  }

  // web/sharings: TestReceiveDocumentSuccessFile, TestReceiveDocumentSuccessDir
  test("come with name, place, times and tags", async () => {
    await sendBoth();
    expect(await atBob(`${files}/d1`)).toMatchObject({ type: "directory", name: "Sea", tags: ["a", "b"] });
    expect(await atBob(`${files}/f1`)).toMatchObject({
      type: "file",
      name: "sea.txt",
      dir_id: "d1",
      mime: "text/plain",
      size: String(bytes.length),
      md5sum: md5,
      created_at: "2017-11-07T10:00:00.000Z",
      updated_at: "2017-11-07T11:00:00.000Z",
    });
    expect((await app("GET", `/data/${files}/f1/content`)).text).toBe("spray and foam\n");
    const shown = await send("GET", "/files/f1");
    expect(shown).toMatchObject({
      status: 200,
      body: { data: { id: "f1", attributes: { name: "sea.txt" } } },
    });
    expect((await send("HEAD", "/files/f1")).status).toBe(200);
  });

  test("of a type that looks like JSON or a form come as they are", async () => {
    const text = '{"a":1}';
    for (const type of ["application/json", "application/x-www-form-urlencoded"]) {
      const headers = { "content-type": type };
      await world.bob.site.store.db.deleteFrom("cozy_document").execute();
      const sent = await send("POST", file, { query: described, body: Buffer.from(text), headers });
      expect(sent.status).toBe(200);
      expect((await app("GET", `/data/${files}/f1/content`)).text).toBe(text);
    }
  });

  test("that came broken, or have no name, are not taken", async () => {
    const broken = { ...typed, "content-md5": createHash("md5").update("else").digest("base64") };
    expect((await send("POST", file, { query: described, body: bytes, headers: broken })).status).toBe(412);
    for (const Name of ["", "a/b"]) {
      expect((await send("POST", file, { query: { ...described, Name }, body: bytes })).status).toBe(422);
    }
    expect(await atBob(`${files}/f1`)).toBeNull();
  });

  // web/sharings: TestPatchDirOrFileSuccessFile, TestPatchDirOrFileSuccessDir
  test("are renamed, tagged and moved by a PATCH", async () => {
    await sendBoth();
    const changes = { name: "ocean.txt", tags: ["c"], updated_at: "2017-11-08T10:00:00Z" };
    for (const id of ["f1", "d1"]) {
      const rev = await revOf(`${files}/${id}`);
      const body = { data: { type: files, id, attributes: { ...changes, dir_id: "d1" }, meta: { rev } } };
      const patched = await send("PATCH", `/sharings/doc/${files}/${id}`, { query: { rev }, body });
      expect(patched.status).toBe(200);
      expect(await atBob(`${files}/${id}`)).toMatchObject(changes);
    }
    expect((await app("GET", `/data/${files}/f1/content`)).text).toBe("spray and foam\n");
    // What a rule names itself stays where the account has it.
    expect(await atBob(`${files}/d1`)).not.toHaveProperty("dir_id");
  });

  test("are not moved into folders of the account", async () => {
    await sendBoth();
    await app("PUT", `/data/${files}/own-folder`, { type: "directory", name: "Bob's" });
    const rev = await revOf(`${files}/f1`);
    const body = { data: { attributes: { dir_id: "own-folder" } } };
    expect((await send("PATCH", file, { query: { rev }, body })).status).toBe(403);
    const into = { ...described, Dir_id: "own-folder" };
    expect((await send("POST", `/sharings/doc/${files}/f2`, { query: into, body: bytes })).status).toBe(403);
    expect(await atBob(`${files}/f1`)).toMatchObject({ dir_id: "d1" });
  });

  // web/sharings: TestDeleteDocumentSuccessFile, TestDeleteDocumentSuccessDir
  test("go, a folder with what came into it", async () => {
    await sendBoth();
    await app("PUT", `/data/${files}/mine`, { type: "file", name: "mine.txt", dir_id: "d1" });
    const query = { rev: await revOf(`${files}/d1`), Type: "directory" };
    expect((await send("DELETE", dir, { query })).status).toBe(200);
    expect([await atBob(`${files}/d1`), await atBob(`${files}/f1`)]).toEqual([null, null]);
    expect(await atBob(`${files}/mine`)).not.toBeNull();
  });

  // web/sharings: TestRemoveReferences; the references that a transport names: TestMergeReferencedBy
  test("get and lose references", async () => {
    const reference = { type: album, id: "a1" };
    const query = { ...described, Dir_id: "", Referenced_by: JSON.stringify([reference]) };
    expect((await send("POST", file, { query, body: bytes })).status).toBe(200);
    const other = { type: album, id: "a2" };
    const add = await send("POST", "/files/f1/relationships/referenced_by", {
      body: { data: [other, reference] },
    });
    expect(add.status).toBe(204);
    expect((await atBob(`${files}/f1`))?.["referenced_by"]).toEqual([other, reference]);
    const remove = { query: { Sharer: "true" }, body: { data: [reference] } };
    expect((await send("DELETE", "/sharings/files/f1/referenced_by", remove)).status).toBe(204);
    expect((await atBob(`${files}/f1`))?.["referenced_by"]).toEqual([other]);
    // It belongs to the sharing no longer.
    expect((await send("GET", "/files/f1")).status).toBe(403);
  });

  test("that a rule names go where the application wants them", async () => {
    await app("PUT", `/data/${files}/inbox`, { type: "directory", name: "Inbox" });
    const choice = `App_slug=drive&Doctype=${files}&Dir_id=inbox`;
    expect((await app("POST", `/sharings/app/destinationDirectory?${choice}`)).status).toBe(204);
    await sendBoth();
    expect(await atBob(`${files}/d1`)).toMatchObject({ dir_id: "inbox" });
    expect(await atBob(`${files}/f1`)).toMatchObject({ dir_id: "d1" });
  });
});
