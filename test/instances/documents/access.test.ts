import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { issueCozyToken } from "../../../src/store/cozy-clients.ts";
import { bobHost, type InstanceWorld, openInstanceWorld } from "../world.ts";

let world: InstanceWorld;
let owner: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  owner = await world.token("io.cozy.files:ALL io.cozy.photos.albums:ALL io.cozy.tests:ALL io.cozy.many:ALL");
});
afterAll(async () => world[Symbol.asyncDispose]());

async function keep(type: string, id: string, body: object): Promise<void> {
  const reply = await world.ask("PUT", `/data/${type}/${id}`, { token: owner, body });
  expect(reply.status).toBeLessThan(202);
}

/** What another Cozy was issued: a token with this scope for alice's host. */
async function cozyToken(scope: string): Promise<string> {
  const { id } = await world.site.store.db
    .selectFrom("account")
    .select("id")
    .where("name", "=", "alice")
    .executeTakeFirstOrThrow();
  const token = { account_id: id, client_id: null, cozy_sharing_id: null, kind: "access", scope } as const;
  return issueCozyToken(world.site.store.db, { ...token, expires_at: null }, Date.now());
}

describe("a document", () => {
  test("is kept, read, changed under its revision, listed and removed", async () => {
    const path = "/data/io.cozy.tests/d1";
    const made = await world.ask("PUT", path, { token: owner, body: { title: "One" } });
    expect([made.status, made.at("rev")]).toEqual([201, expect.stringMatching(/^1-/)]);
    const read = await world.ask("GET", path, { token: owner });
    expect(read.json).toEqual({ _id: "d1", _rev: made.at("rev"), title: "One" });
    const body = { _rev: made.at("rev"), title: "Two" };
    expect((await world.ask("PUT", path, { token: owner, body })).status).toBe(200);
    const late = await world.ask("PUT", path, { token: owner, body });
    expect([late.status, late.at("errors.0.source")]).toEqual([409, { pointer: "/_rev" }]);
    const list = await world.ask("GET", "/data/io.cozy.tests/_all_docs", { token: owner });
    expect(list.at("rows.0.doc.title")).toBe("Two");
    expect((await world.ask("DELETE", path, { token: owner })).status).toBe(200);
    expect((await world.ask("GET", path, { token: owner })).status).toBe(404);
    expect((await world.ask("GET", "/data/io.cozy.tests/_all_docs", { token: owner })).at("rows")).toEqual(
      [],
    );
  });

  test("gets an id where it has none", async () => {
    const made = await world.ask("POST", "/data/io.cozy.tests/", { token: owner, body: { title: "New" } });
    expect([made.status, made.at("id")]).toEqual([201, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    await world.ask("DELETE", `/data/io.cozy.tests/${made.textAt("id")}`, { token: owner });
  });

  test.each([
    ["PUT", "/data/no%20type/d1", { title: "x" }, 400],
    ["PUT", "/data/io.cozy.tests/_design", { title: "x" }, 400],
    ["PUT", "/data/io.cozy.tests/d1", [1], 400],
    ["PUT", "/data/io.cozy.sharings/d1", { title: "x" }, 403],
    ["GET", "/data/io.cozy.permissions/d1", undefined, 403],
  ])("%s %s is refused", async (method, path, body, status) => {
    const asked = body === undefined ? { token: owner } : { token: owner, body };
    const reply = await world.ask(method, path, asked);
    expect([reply.status, reply.at("errors.0.status")]).toEqual([status, String(status)]);
  });
});

async function put(id: string, body: Buffer) {
  const headers = { "content-type": "application/octet-stream" };
  return world.ask("PUT", `/data/io.cozy.files/${id}/content`, { token: owner, body, headers });
}

test("a list is of what the token opens, however many others there are", async () => {
  for (let place = 0; place < 205; place += 1) await keep("io.cozy.many", `d${1000 + place}`, {});
  const last = await world.token("io.cozy.many:GET:d1204");
  const list = await world.ask("GET", "/data/io.cozy.many/_all_docs", { token: last });
  expect(list.at("rows.0.id")).toBe("d1204");
  expect(list.at("total_rows")).toBe(1);
});

describe("the content of a file", () => {
  test("comes back as it was sent, as a download whatever it is", async () => {
    await keep("io.cozy.files", "f1", { type: "file", name: "a.html", dir_id: "folder" });
    const path = "/data/io.cozy.files/f1/content";
    const bytes = Buffer.from("<script>alert(1)</script>\0\u{1F600}");
    const headers = { "content-type": "text/html" };
    expect((await world.ask("PUT", path, { token: owner, body: bytes, headers })).status).toBe(200);
    const read = await world.ask("GET", path, { token: owner });
    expect([read.status, read.headers["content-type"], read.headers["content-disposition"]]).toEqual([
      200,
      "application/octet-stream",
      "attachment",
    ]);
    expect(read.bytes.equals(bytes)).toBe(true);
    const shown = await world.ask("GET", "/data/io.cozy.files/f1", { token: owner });
    expect([shown.at("size"), shown.at("name")]).toEqual([String(bytes.length), "a.html"]);
  });

  test("stays when its document is changed", async () => {
    await keep("io.cozy.files", "f1", { type: "file", name: "b.html", dir_id: "folder" });
    expect((await world.ask("GET", "/data/io.cozy.files/f1/content", { token: owner })).status).toBe(200);
  });

  test("has a bound, and a place only where a file is", async () => {
    expect((await put("f1", Buffer.alloc(limits.cozyFileBytes + 1))).status).toBe(413);
    expect((await put("none", Buffer.from("x"))).status).toBe(404);
    await keep("io.cozy.files", "folder", { type: "directory", name: "Plans" });
    expect((await put("folder", Buffer.from("x"))).status).toBe(422);
  });
});

async function statuses(token: string, method = "GET", body?: object): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const id of ["folder", "sub", "inside", "outside", "photo", "missing"]) {
    const asked = body === undefined ? { token } : { token, body };
    found[id] = (await world.ask(method, `/data/io.cozy.files/${id}`, asked)).status;
  }
  return found;
}

describe("a token issued to another Cozy opens", () => {
  beforeEach(async () => {
    await keep("io.cozy.files", "folder", { type: "directory", name: "Plans" });
    await keep("io.cozy.files", "sub", { type: "directory", name: "Sub", dir_id: "folder" });
    await keep("io.cozy.files", "inside", { type: "file", name: "in", dir_id: "sub" });
    await keep("io.cozy.files", "outside", { type: "file", name: "out", dir_id: "root" });
    const referenced_by = [{ type: "io.cozy.photos.albums", id: "a1" }];
    await keep("io.cozy.files", "photo", { type: "file", name: "p", dir_id: "root", referenced_by });
    await keep("io.cozy.photos.albums", "a1", { name: "Holidays" });
  });

  test("a folder with all that lies in it, and nothing beside it", async () => {
    expect(await statuses(await cozyToken("io.cozy.files:GET:folder"))).toEqual({
      folder: 200,
      sub: 200,
      inside: 200,
      outside: 403,
      photo: 403,
      missing: 403,
    });
  });

  test("the files that refer to a named album, and the album", async () => {
    const token = await cozyToken(
      "io.cozy.photos.albums:GET:a1 io.cozy.files:GET:io.cozy.photos.albums/a1:referenced_by",
    );
    expect(await statuses(token)).toMatchObject({ photo: 200, inside: 403, folder: 403, outside: 403 });
    expect((await world.ask("GET", "/data/io.cozy.photos.albums/a1", { token })).status).toBe(200);
    expect((await world.ask("GET", "/data/io.cozy.photos.albums/a2", { token })).status).toBe(403);
  });

  test("only what its verbs say", async () => {
    const token = await cozyToken("io.cozy.files:GET:folder");
    const body = { type: "directory", name: "Renamed" };
    expect(Object.values(await statuses(token, "PUT", body))).toEqual([403, 403, 403, 403, 403, 403]);
    expect(Object.values(await statuses(token, "DELETE"))).toEqual([403, 403, 403, 403, 403, 403]);
  });

  test("nothing by moving it: neither out of what is shared nor into it", async () => {
    const token = await cozyToken("io.cozy.files:ALL:folder");
    const move = async (id: string, dir_id: string) =>
      (await world.ask("PUT", `/data/io.cozy.files/${id}`, { token, body: { type: "file", dir_id } })).status;
    expect(await move("outside", "folder")).toBe(403);
    expect(await move("inside", "root")).toBe(403);
    expect(await move("inside", "folder")).toBe(200);
    expect(await move("brandnew", "folder")).toBe(201);
    expect(await move("brandnew2", "root")).toBe(403);
  });

  test("no contact, no sharing and no list of others", async () => {
    const token = await cozyToken("io.cozy.files:ALL io.cozy.contacts:ALL io.cozy.sharings:ALL");
    for (const path of [
      "/data/io.cozy.contacts/_all_docs",
      "/permissions/doctype/io.cozy.files/sharedWithOthers",
    ]) {
      expect((await world.ask("GET", path, { token })).status).toBe(403);
    }
    const body = { sharing_type: "one-shot", permissions: {}, recipients: [] };
    expect((await world.ask("POST", "/sharings/", { token, body })).status).toBe(403);
    const list = await world.ask("GET", "/data/io.cozy.files/_all_docs", {
      token: await cozyToken("io.cozy.files:GET:sub"),
    });
    expect(list.at("rows")).toHaveLength(2);
  });

  test("nothing at another account's host", async () => {
    const token = await cozyToken("io.cozy.files:ALL");
    const reply = await world.ask("GET", "/data/io.cozy.files/folder", { token, host: bobHost });
    expect(reply.status).toBe(401);
    expect(
      (await world.ask("GET", "/data/io.cozy.files/folder", { token: owner, host: bobHost })).status,
    ).toBe(401);
  });
});

test("wrong tokens get one answer whatever is wrong with them, are counted, and are never logged", async () => {
  await using other = await openInstanceWorld();
  const bob = await other.token("io.cozy.files:ALL", { account: "bob" });
  const right = await other.token("io.cozy.files:ALL");
  const wrong = [bob, `ush_${"x".repeat(43)}`, "not-a-token", `${right}x`, right.slice(0, -1)];
  const answers = new Set<string>();
  for (const token of wrong) {
    const { status, text } = await other.ask("GET", "/data/io.cozy.files/f1", { token });
    answers.add(`${status} ${text}`);
  }
  expect(answers.size).toBe(1);
  const [answer = ""] = answers;
  expect(answer).toMatch(/^401 /);
  const after: number[] = [];
  for (let count = wrong.length; count <= limits.wrongSecrets; count += 1) {
    after.push((await other.ask("GET", "/data/io.cozy.files/f1", { token: "guess" })).status);
  }
  expect(after.at(-1)).toBe(429);
  for (const token of [...wrong, right]) expect(other.logged()).not.toContain(token);
});
