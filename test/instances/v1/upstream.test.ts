import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesType } from "../../../src/domain/cozy-document.ts";
import { received } from "../sharings-api/rows.ts";
import { bobHost, type InstanceWorld, openInstanceWorld, type Reply } from "../world.ts";

// What the sharer of a sharing brings to the account's host: web/sharings/sharings_test.go of cozy-stack in 2017.

const json = "io.cozy.foos";
const scope = `${json}:ALL:j1,j2,j3 ${filesType}:ALL:f1,f2,f3,d1,d2,d3`;

let world: InstanceWorld;
let sharer: string;
let app: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  sharer = (await received(world, scope)).sharers;
  app = await world.token(`${json}:ALL ${filesType}:ALL`, { account: "bob" });
});
afterAll(async () => world[Symbol.asyncDispose]());

async function bring(
  method: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
  body?: unknown,
): Promise<Reply> {
  const headers = Buffer.isBuffer(body) ? { "content-type": "text/plain" } : {};
  const search = new URLSearchParams(query).toString();
  const sent = body === undefined ? {} : { body };
  return world.ask(method, `${path}?${search}`, { token: sharer, host: bobHost, headers, ...sent });
}

async function shown(type: string, id: string): Promise<Reply> {
  return world.ask("GET", `/data/${type}/${id}`, { token: app, host: bobHost });
}

async function revision(type: string, id: string): Promise<string> {
  return (await shown(type, id)).textAt("_rev");
}

const file = {
  Type: "file",
  Name: "notes.txt",
  Executable: "false",
  Created_at: "Fri, 17 Nov 2017 10:00:00 GMT",
};
const directory = { Type: "directory", Name: "Notes", Tags: "work,home" };
const text = Buffer.from("a text");

describe("web/sharings receive", () => {
  test("JSON: the document stands as it was sent", async () => {
    const reply = await bring("POST", `/sharings/doc/${json}/j1`, {}, { hello: "world" });
    expect(reply.status).toBe(200);
    expect((await shown(json, "j1")).json).toMatchObject({ _id: "j1", hello: "world" });
  });

  test("file: name, times, references and content", async () => {
    const Referenced_by = JSON.stringify([{ type: "io.cozy.photos.albums", id: "a1" }]);
    const reply = await bring("POST", `/sharings/doc/${filesType}/f1`, { ...file, Referenced_by }, text);
    expect(reply.status).toBe(200);
    expect((await shown(filesType, "f1")).json).toMatchObject({
      type: "file",
      name: "notes.txt",
      created_at: "2017-11-17T10:00:00.000Z",
      md5sum: createHash("md5").update(text).digest("base64"),
      referenced_by: [{ type: "io.cozy.photos.albums", id: "a1" }],
    });
    const content = await world.ask("GET", `/data/${filesType}/f1/content`, { token: app, host: bobHost });
    expect(content.text).toBe("a text");
  });

  test("directory: name and tags", async () => {
    expect((await bring("POST", `/sharings/doc/${filesType}/d1`, directory)).status).toBe(200);
    const kept = { type: "directory", name: "Notes", tags: ["work", "home"] };
    expect((await shown(filesType, "d1")).json).toMatchObject(kept);
  });

  test("with the sum of another content is refused", async () => {
    const path = `/sharings/doc/${filesType}/f3?${new URLSearchParams(file).toString()}`;
    const sum = createHash("md5").update("another text").digest("base64");
    const headers = { "content-type": "text/plain", "content-md5": sum };
    const reply = await world.ask("POST", path, { token: sharer, host: bobHost, headers, body: text });
    expect([reply.status, (await shown(filesType, "f3")).status]).toEqual([412, 404]);
  });
});

describe("web/sharings update", () => {
  test("JSON: the newer state", async () => {
    await bring("POST", `/sharings/doc/${json}/j2`, {}, { hello: "world" });
    const rev = await revision(json, "j2");
    expect((await bring("PUT", `/sharings/doc/${json}/j2`, { rev }, { hello: "moon" })).status).toBe(200);
    expect((await shown(json, "j2")).at("hello")).toBe("moon");
  });

  test("JSON conflict: with an older revision, or none, nothing is changed", async () => {
    const rev = await revision(json, "j2");
    await bring("PUT", `/sharings/doc/${json}/j2`, { rev }, { hello: "sun" });
    expect((await bring("PUT", `/sharings/doc/${json}/j2`, { rev }, { hello: "mars" })).status).toBe(409);
    expect((await bring("PUT", `/sharings/doc/${json}/j2`, {}, { hello: "mars" })).status).toBe(409);
    expect((await shown(json, "j2")).at("hello")).toBe("sun");
  });

  test("JSON that is not here: 404", async () => {
    expect((await bring("PUT", `/sharings/doc/${json}/j3`, { rev: "1-a" }, { hello: "x" })).status).toBe(404);
  });
});

function patch(name: string): object {
  return {
    data: { type: filesType, attributes: { name, tags: ["new"], updated_at: "2017-11-18T10:00:00Z" } },
  };
}

describe("web/sharings patch", () => {
  test.each(["f1", "d1"])("file and directory: name, tags and time of %s, and nothing else", async (id) => {
    const before = await shown(filesType, id);
    const rev = before.textAt("_rev");
    const reply = await bring("PATCH", `/sharings/doc/${filesType}/${id}`, { rev }, patch("renamed"));
    expect(reply.status).toBe(200);
    const after = await shown(filesType, id);
    expect(after.json).toMatchObject({ name: "renamed", tags: ["new"], updated_at: "2017-11-18T10:00:00Z" });
    expect([after.at("type"), after.at("md5sum"), after.at("referenced_by")]).toEqual([
      before.at("type"),
      before.at("md5sum"),
      before.at("referenced_by"),
    ]);
  });
});

describe("web/sharings references", () => {
  test("merge: one more stands beside those that were there, and the same one once", async () => {
    const path = `/files/f1/relationships/referenced_by`;
    const data = [
      { type: "io.cozy.photos.albums", id: "a1" },
      { type: "io.cozy.photos.albums", id: "a2" },
    ];
    expect((await bring("POST", path, {}, { data })).status).toBe(204);
    expect((await shown(filesType, "f1")).at("referenced_by")).toEqual(data);
  });

  test("remove: the file stays", async () => {
    const data = [{ type: "io.cozy.photos.albums", id: "a1" }];
    const path = "/sharings/files/f1/referenced_by";
    expect((await bring("DELETE", path, { Sharer: "true" }, { data })).status).toBe(204);
    const left = [{ type: "io.cozy.photos.albums", id: "a2" }];
    expect((await shown(filesType, "f1")).at("referenced_by")).toEqual(left);
  });
});

describe("web/sharings delete", () => {
  test.each([
    ["JSON", json, "j1"],
    ["file", filesType, "f1"],
    ["directory", filesType, "d1"],
  ])("%s: with its revision, and 409 with another", async (_, type, id) => {
    const path = `/sharings/doc/${type}/${id}`;
    expect((await bring("DELETE", path, { rev: "1-a" })).status).toBe(409);
    expect((await bring("DELETE", path, { rev: await revision(type, id), Type: "file" })).status).toBe(200);
    expect((await shown(type, id)).status).toBe(404);
    expect((await bring("DELETE", path, { rev: "1-a" })).status).toBe(404);
  });

  test("directory: what came into it goes along, what the account put there stays", async () => {
    await bring("POST", `/sharings/doc/${filesType}/d2`, directory);
    await bring("POST", `/sharings/doc/${filesType}/inside`, { ...file, Dir_id: "d2" }, text);
    const mine = { type: "file", name: "mine.txt", dir_id: "d2" };
    await world.ask("PUT", `/data/${filesType}/mine`, { token: app, host: bobHost, body: mine });
    const rev = await revision(filesType, "d2");
    expect((await bring("DELETE", `/sharings/doc/${filesType}/d2`, { rev })).status).toBe(200);
    expect((await shown(filesType, "inside")).status).toBe(404);
    expect((await shown(filesType, "mine")).status).toBe(200);
  });
});

describe("pkg/sharings", () => {
  const permissions = { doc: { type: json, verbs: ["ALL"], values: ["j1"] } };

  async function share(recipients: readonly object[]): Promise<Reply> {
    const token = await world.token(`${json}:ALL io.cozy.contacts:ALL`);
    return world.ask("POST", "/sharings/", {
      token,
      body: { sharing_type: "one-shot", permissions, recipients },
    });
  }

  test("contact create-or-update: the same address is the same contact, and learns the Cozy that is named with it", async () => {
    const [email, url] = ["gus@example.net", "https://gus.cozy.example"];
    const first = await share([{ recipient: { email } }]);
    const second = await share([{ recipient: { email: "Gus@Example.net".toLowerCase(), url } }]);
    expect(second.at("included.0.id")).toBe(first.textAt("included.0.id"));
    expect(second.at("included.0.attributes")).toMatchObject({ cozy: [{ url }] });
  });

  test("a recipient without e-mail is an error, with its field", async () => {
    const reply = await share([{ recipient: { url: "https://gus.cozy.example" } }]);
    expect([reply.status, reply.at("errors.0.source.pointer")]).toEqual([422, "/recipients/0/recipient/id"]);
  });

  test("RevokeRecipient: only the sharer can revoke a recipient", async () => {
    const { id } = await received(world);
    const token = await world.token("io.cozy.tests:ALL", { account: "bob" });
    const revoked = await world.ask("DELETE", `/sharings/${id}/recipient/anybody`, { token, host: bobHost });
    expect(revoked.status).toBe(403);
  });
});
