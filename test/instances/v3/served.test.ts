import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { issueCozyToken } from "../../../src/store/cozy-clients.ts";
import { readDocument, writeDocument } from "../../../src/store/cozy-documents.ts";
import { cozyMembersOf, cozySharingByDocument } from "../../../src/store/cozy-sharings.ts";
import { readNotification } from "../../../src/store/notifications.ts";
import type { Certificates } from "../../world/tls.ts";
import {
  type Album,
  asking,
  bobUrl,
  openCertificates,
  openRecipientWorld,
  type RecipientWorld,
  shareAlbum,
  shareOf,
} from "./recipient-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
let world: RecipientWorld;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());
beforeEach(async () => {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  world = await openRecipientWorld(certificates);
});
afterEach(async () => world[Symbol.asyncDispose]());

const id = "ce8835a061d0ef68947afe69a0046722";
const root = "aae62886e79611ef8381fb83ff72e425";
const state = "eiJ3iepoaihohz1YQ9kLmA";
const erin = "https://erin.cozy.example";
const link = `${erin}/sharings/${id}/discovery?state=${state}`;
const rule = {
  title: "Holiday",
  doctype: "io.cozy.files",
  values: [root],
  add: "sync",
  update: "sync",
  remove: "sync",
};

function request(more: Readonly<Record<string, unknown>> = {}) {
  const members = [
    { status: "owner", public_name: "Erin", email: "erin@mail.example", instance: erin },
    { status: "mail-not-sent", email: "bob@mail.example", instance: bobUrl },
  ];
  const attributes = { description: "Holiday", rules: [rule], members, ...more };
  return { data: { type: "io.cozy.sharings", attributes } };
}

async function put(query = "", body: unknown = request(), at = id) {
  return world.ask("PUT", `/sharings/${at}${query}`, { body });
}

function offering(url: string): string {
  return `?shortcut=true&url=${encodeURIComponent(url)}`;
}

async function rowOf(documentId = id) {
  const sharing = await cozySharingByDocument(world.store.db, "a-bob", "v3", documentId);
  if (sharing === undefined) throw new Error("Nothing was kept.");
  return sharing;
}

describe("a request that anybody may send", () => {
  test("is held for Bob, whatever address its sharer claims", async () => {
    expect((await put(offering(link))).status).toBe(201);
    const sharing = await rowOf();
    const notification = await readNotification(world.store.db, sharing.notification_id ?? "");
    expect(notification).toMatchObject({ state: "held", origin: erin, protocol: "cozy", title: "Holiday" });
    expect([sharing.is_active, world.alice.requests(), world.carol.requests()]).toEqual([0, [], []]);
  });

  test("is one notification, however often it comes", async () => {
    for (let times = 0; times < 3; times += 1) expect((await put(offering(link))).status).toBe(201);
    expect(await world.store.db.selectFrom("notification").select("id").execute()).toHaveLength(1);
    expect(await world.store.db.selectFrom("cozy_member").select("id").execute()).toHaveLength(2);
  });

  test.each([
    ["another host", `https://evil.example/sharings/${id}/discovery?state=${state}`],
    [
      "a host that only looks like it",
      `https://erin.cozy.example.evil.example/sharings/${id}/discovery?state=${state}`,
    ],
    ["another sharing", `${erin}/sharings/${root}/discovery?state=${state}`],
    ["a page that is no invitation", `${erin}/login`],
    ["a page of a stranger's app", "https://evil-drive.cozy.example/preview?sharecode=Xq7Rb2LmPz9K"],
    ["a page without TLS", link.replace("https", "http")],
    ["an address with a password", link.replace("https://", "https://a:b@")],
  ])("is refused where its link leads to %s", async (_, url) => {
    const reply = await put(offering(url));
    expect([reply.status, reply.body]).toMatchObject([422, { errors: [{ source: { parameter: "url" } }] }]);
    expect(world.announced).toEqual([]);
    expect(await world.store.db.selectFrom("cozy_sharing").select("id").execute()).toEqual([]);
  });

  test("may lead to a page of its owner's app", async () => {
    expect(
      (await put(offering("https://erin-drive.cozy.example/preview?sharecode=Xq7Rb2LmPz9K"))).status,
    ).toBe(201);
    expect(world.announced).toMatchObject([{ variant: "preview", origin: erin }]);
  });

  test.each([
    ["no rules", { rules: [] }],
    ["no members", { members: [] }],
    ["an owner without address", { members: [{ status: "owner" }, { instance: bobUrl }] }],
    ["an owner without TLS", { members: [{ instance: "http://erin.cozy.example" }, { instance: bobUrl }] }],
    ["Bob as its owner", { members: [{ instance: bobUrl }, { instance: bobUrl }] }],
    ["somebody else invited", { members: [{ instance: erin }, { instance: "https://dora.cozy.example" }] }],
    [
      "more members than a sharing has",
      { members: Array.from({ length: 91 }, () => ({ instance: bobUrl })) },
    ],
  ])("is refused with %s", async (_, more) => {
    expect((await put("", request(more))).status).toBe(400);
  });

  test("is refused under an id that is none", async () => {
    expect((await put("", request(), "news-of-today")).status).toBe(400);
  });

  test("changes nothing that Bob has accepted (409)", async () => {
    const album = await accepted();
    const reply = await put("", request(), album.id);
    expect([reply.status, reply.body]).toMatchObject([
      409,
      { errors: [{ detail: "Sharing already accepted by this recipient" }] },
    ]);
    expect((await cozyMembersOf(world.store.db, (await rowOf(album.id)).id))[0]?.instance_url).toBe(
      world.alice.origin,
    );
  });

  test("is one of a bounded number, those that Bob waits for aside", async () => {
    const ids = Array.from({ length: 31 }, (_, at) => createHash("md5").update(String(at)).digest("hex"));
    const statuses: number[] = [];
    for (const each of ids) statuses.push((await put("", request(), each)).status);
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 201), 429]);
    const album = await shareAlbum(world.alice);
    expect((await world.way.follow(album.share, world.bob, asking().ask)).kind).toBe("followed");
  });

  test("never lets a state go to another Cozy than the one of Bob's link", async () => {
    const { alice, carol, way, bob } = world;
    const album = await shareAlbum(alice);
    const members = [{ instance: carol.origin, status: "owner" }, { instance: bobUrl }];
    await put("", request({ members, open_sharing: true }), album.id);
    expect((await way.follow(album.share, bob, asking().ask)).kind).toBe("followed");
    expect(carol.requests()).toEqual([]);
  });
});

describe("a drive", () => {
  const drive = { drive: true, credentials: [{ drive_token: "d".repeat(22), state }] };

  test("is offered without a link, and not accepted by itself", async () => {
    expect((await put("?shortcut=true", request(drive))).status).toBe(201);
    expect(world.announced).toMatchObject([{ variant: "shortcut", origin: erin }]);
    expect((await rowOf()).is_active).toBe(0);
  });

  test("is answered at the owner who was shown, or not at all", async () => {
    await put("?shortcut=true", request(drive));
    const share = shareOf(erin, world.announced[0]?.link ?? "", "shortcut");
    const members = [{ instance: world.carol.origin, status: "owner" }, { instance: bobUrl }];
    await put(
      "?shortcut=true",
      request({ ...drive, members, credentials: [{ drive_token: "e".repeat(22), state }] }),
    );
    const reply = await world.way.follow(share, world.bob, asking().ask);
    expect(reply).toMatchObject({ kind: "no", because: "invitation-unknown" });
    expect(world.carol.requests()).toEqual([]);
  });

  test("without a state is no offer", async () => {
    expect((await put("?shortcut=true", request({ drive: true }))).status).toBe(422);
  });
});

describe("a token that Bob issued", () => {
  test("opens its own sharing and no other", async () => {
    const [first, second] = [await accepted(), await accepted(world.carol)];
    const token = await tokenFor(first);
    expect(
      (await world.ask("POST", `/sharings/${first.id}/_revs_diff`, { body: {}, bearer: token })).status,
    ).toBe(200);
    const answers = [
      await world.ask("POST", `/sharings/${second.id}/_revs_diff`, { body: {}, bearer: token }),
      await world.ask("POST", `/sharings/${id}/_revs_diff`, { body: {}, bearer: token }),
      await world.ask("POST", `/sharings/${first.id}/_revs_diff`, { body: {}, bearer: "x".repeat(43) }),
      await world.ask("POST", `/sharings/${first.id}/_revs_diff`, { body: {} }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test("writes what the rules name, and what lies in it", async () => {
    const { bulk, file } = await opened();
    expect(await bulk(file("1", { dir_id: rootHere }))).toBe(200);
    expect(await bulk(file("2", { type: "directory", dir_id: rootHere }))).toBe(200);
    expect(await bulk(file("3", { dir_id: "2" }))).toBe(200);
  });

  test.each([
    ["lies elsewhere", { dir_id: "elsewhere" }],
    ["lies nowhere", {}],
    ["lies in itself", { dir_id: "9" }],
  ])("writes no file that %s", async (_, fields) => {
    const { bulk, file, at } = await opened();
    expect(await bulk(file("9", fields))).toBe(403);
    expect(await at("9")).toBeUndefined();
  });

  test("writes no document of another type, and nothing of a request with one that is closed", async () => {
    const { post, file, at } = await opened();
    const body = { "io.cozy.files": [file("1", { dir_id: rootHere })], "io.cozy.contacts": [file("2", {})] };
    expect(await post(body)).toBe(403);
    expect(await at("1")).toBeUndefined();
  });

  test("touches nothing of Bob's own, also where rules or folders name it", async () => {
    const { bulk, file, at } = await opened();
    const mine = { body: { name: "mine", dir_id: rootHere }, content: null, isDeleted: false };
    const key = { accountId: "a-bob", doctype: "io.cozy.files", id: "mine" };
    await writeDocument(world.store.db, key, { ...mine, receivedThrough: null, revision: null });
    expect(await bulk(file("mine", { dir_id: rootHere, name: "theirs" }))).toBe(403);
    expect(await bulk({ ...file("mine", {}), _deleted: true })).toBe(200);
    expect(await bulk(file("below", { dir_id: "mine" }))).toBe(403);
    expect((await at("mine"))?.body_json).toContain('"mine"');
  });

  test("brings a file with its content, which has to be the one that was announced", async () => {
    const { album, token, file, at } = await opened();
    const path = `/sharings/${album.id}/io.cozy.files`;
    const content = Buffer.from('{"kept":"as bytes"}');
    const md5sum = createHash("md5").update(content).digest("base64");
    const body = file("5", { dir_id: rootHere, md5sum, size: String(content.length) });
    const announce = async () =>
      world.ask("PUT", `${path}/5/metadata`, { body, bearer: token, type: "application/json" });
    const { key } = (await announce()).body as { key: string };
    const send = async (bytes: Buffer) =>
      world.ask("PUT", `${path}/${key}`, { bytes, bearer: token, type: "application/json" });
    expect((await send(Buffer.from("other"))).status).toBe(422);
    expect((await send(content)).status).toBe(204);
    expect((await send(content)).status).toBe(404);
    expect((await at("5"))?.content?.equals(content)).toBe(true);
    expect((await announce()).status).toBe(204);
  });

  test("cannot undo what Bob accepted, nor say where members are", async () => {
    const { album, token } = await opened();
    const data = [
      { status: "owner", instance: "https://evil.example" },
      { status: "revoked", public_name: "B" },
    ];
    const reply = await world.ask("PUT", `/sharings/${album.id}/recipients`, {
      body: { data },
      bearer: token,
    });
    const members = await cozyMembersOf(world.store.db, (await rowOf(album.id)).id);
    expect(reply.status).toBe(204);
    expect(members.map(({ status, instance_url: url }) => [status, url])).toEqual([
      ["owner", world.alice.origin],
      ["ready", bobUrl],
    ]);
  });

  test("says that Bob may only read, or write again (read-only member)", async () => {
    const { album, token } = await opened();
    const path = `/sharings/${album.id}/recipients/self/readonly`;
    const isReadOnly = async () =>
      (await cozyMembersOf(world.store.db, (await rowOf(album.id)).id))[1]?.is_read_only;
    expect((await world.ask("POST", path, { body: {}, bearer: token })).status).toBe(204);
    expect(await isReadOnly()).toBe(1);
    expect((await world.ask("DELETE", path, { bearer: token })).status).toBe(204);
    expect(await isReadOnly()).toBe(0);
  });

  test("is worth nothing after the end", async () => {
    const { album, token, post } = await opened();
    expect((await world.ask("DELETE", `/sharings/${album.id}`, { bearer: token })).status).toBe(204);
    expect(await post({})).toBe(401);
    expect((await rowOf(album.id)).revoked_at).not.toBeNull();
  });
});

test("whoever opens the page for answers in a browser changes nothing", async () => {
  const reply = await world.ask("GET", `/auth/authorize/sharing?sharing_id=${id}&state=${state}`);
  expect([reply.status, String(reply.headers["content-type"])]).toEqual([401, "text/html; charset=utf-8"]);
  expect(await world.store.db.selectFrom("cozy_sharing").select("id").execute()).toEqual([]);
});

/** The id of the shared folder in the rules as they came. */
let rootHere = "";

async function accepted(cozy = world.alice): Promise<Album> {
  const album = await shareAlbum(cozy);
  const reply = await world.way.follow(album.share, world.bob, asking().ask);
  if (reply.kind !== "followed") throw new Error(`The share was not followed: ${JSON.stringify(reply)}`);
  rootHere = reply.folders[0]?.folder ?? "";
  return album;
}

/** A further token for the sharer of an album, as it gets one by refreshing. */
async function tokenFor(album: Album): Promise<string> {
  const { id: sharing } = await rowOf(album.id);
  const client = await world.store.db
    .selectFrom("cozy_client")
    .select("id")
    .where("cozy_sharing_id", "=", sharing)
    .executeTakeFirstOrThrow();
  const row = {
    account_id: "a-bob",
    client_id: client.id,
    cozy_sharing_id: sharing,
    kind: "access",
  } as const;
  const scope = `io.cozy.sharings:ALL:${album.id}`;
  return issueCozyToken(world.store.db, { ...row, scope, expires_at: null }, Date.now());
}

async function opened() {
  const album = await accepted();
  const token = await tokenFor(album);
  const post = async (body: object) =>
    (
      await world.ask("POST", `/sharings/${album.id}/_bulk_docs`, {
        body,
        bearer: token,
        type: "application/json",
      })
    ).status;
  return {
    album,
    token,
    post,
    bulk: async (document: object) => post({ "io.cozy.files": [document] }),
    file: (name: string, fields: object) => ({
      _id: name,
      _rev: "1-aa",
      _revisions: { start: 1, ids: ["aa"] },
      type: "file",
      name,
      ...fields,
    }),
    at: async (name: string) =>
      readDocument(world.store.db, { accountId: "a-bob", doctype: "io.cozy.files", id: name }),
  };
}
