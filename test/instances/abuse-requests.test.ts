import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTrap, type Trap } from "../world/trap.ts";
import { type InstanceWorld, openInstanceWorld, type Reply } from "./world.ts";

const owner = "https://erin.cozy.example";
const own = "https://cozy.example.net";
const state = "eiJ3iepoaihohz1YQ9kLmA";

let world: InstanceWorld;
let trap: Trap;
beforeAll(async () => {
  world = await openInstanceWorld();
  trap = await startTrap("127.0.0.1");
});
afterAll(async () => {
  await trap[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

let ids = 0;

function newId(): string {
  ids += 1;
  return String(ids).padStart(32, "0");
}

function sharing(more: object = {}): object {
  const rules = [{ title: "Test", doctype: "io.cozy.tests", values: ["t1"], add: "sync" }];
  const members = [
    { status: "owner", email: "erin@example.net", instance: owner },
    { status: "mail-not-sent", email: "alice@example.net", instance: own },
  ];
  return { data: { type: "io.cozy.sharings", attributes: { description: "Test", rules, members, ...more } } };
}

async function put(id: string, query: string, body: object = sharing()): Promise<Reply> {
  return world.ask("PUT", `/sharings/${id}${query}`, { body });
}

async function row(id: string) {
  return world.site.store.db
    .selectFrom("cozy_sharing")
    .selectAll()
    .where("document_id", "=", id)
    .executeTakeFirst();
}

describe("a stranger who asks to share", () => {
  test.each([
    ["a host that belongs to nobody here", "https://evil.example/sharings/ID/discovery?state=STATE"],
    ["http", "http://erin.cozy.example/sharings/ID/discovery?state=STATE"],
    ["a user before the host", "https://erin.cozy.example@evil.example/sharings/ID/discovery?state=STATE"],
    ["another port", "https://erin.cozy.example:8443/sharings/ID/discovery?state=STATE"],
    ["a private address", "https://192.168.1.1/sharings/ID/discovery?state=STATE"],
    ["the account's own host", `${own}/sharings/ID/discovery?state=STATE`],
    ["a script", "javascript:alert(1)//sharings/ID/discovery?state=STATE"],
    ["a line break", `${owner}/sharings/ID/discovery?state=STATE%0d%0aBcc: x@example.org`],
    ["a second address behind the first", `${owner}/sharings/ID/discovery?state=STATE https://evil.example`],
    ["a fragment", `${owner}/sharings/ID/discovery?state=STATE#https://evil.example`],
    ["another state as well", `${owner}/sharings/ID/discovery?state=STATE&state=${"x".repeat(22)}`],
    ["a page behind the page", `${owner}/sharings/ID/discovery/..//evil.example?state=STATE`],
  ])("has nobody told of a link with %s", async (_, link) => {
    const id = newId();
    const url = link.replace("ID", id).replace("STATE", state);
    const reply = await put(id, `?shortcut=true&url=${encodeURIComponent(url)}`);
    expect([reply.status, reply.at("errors.0.source.parameter")]).toEqual([422, "url"]);
    expect([await row(id), await world.jobs("send-notice")]).toEqual([undefined, []]);
  });

  test.each([
    "http://erin.cozy.example",
    "https://127.0.0.1:PORT",
    "https://[::1]:PORT",
    "https://user:secret@erin.cozy.example",
    "https://erin.cozy.example/path",
    own,
    "erin.cozy.example\r\nhost: evil",
  ])("is not %s", async (instance) => {
    const members = [{ instance: instance.replace("PORT", String(trap.port)) }, { instance: own }];
    expect((await put(newId(), "", sharing({ members }))).status).toBe(400);
    const request = {
      shareID: newId(),
      sharerUrl: instance.replace("PORT", String(trap.port)),
      recipientUrl: own,
      rules: [{ id: "t1", docType: "io.cozy.tests" }],
      desc: "Test",
      preToken: "0".repeat(64),
    };
    const asked = await world.ask("POST", "/services/sharing/request", { body: request });
    if (instance !== "https://erin.cozy.example/path") expect(asked.status).toBe(400);
    expect(trap.connections).toBe(0);
  });

  test.each([
    "http://erin.cozy.example/sharings/answer",
    "https://user:secret@erin.cozy.example/sharings/answer",
    "https://erin.cozy.example/sharings/answer#x",
    "https://erin.cozy.example/sharings/answer\r\nset-cookie: a=b",
    "https://erin.cozy.example/\tsharings/answer",
    " https://erin.cozy.example/sharings/answer",
    "https://erin.cozy.example/sharings/answer\u{e9}",
    "javascript:alert(1)",
    "/sharings/answer",
    `${own}/sharings/answer`,
    "https://COZY.example.net/sharings/answer",
  ])("registers no client whose answers go to %j", async (uri) => {
    const body = { redirect_uris: [uri], client_name: "x", software_id: "x" };
    const reply = await world.ask("POST", "/auth/register", { body });
    expect([reply.status, reply.at("error")]).toEqual([400, "invalid_redirect_uri"]);
  });
});

function bearer(secret: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${secret}` };
}

function drive(drive_token: string): object {
  return sharing({ drive: true, credentials: [{ drive_token, state }] });
}

describe("the token of a drive", () => {
  const [his, others] = ["h".repeat(43), "o".repeat(43)];
  test("is its owner's word that it ended, and opens nothing", async () => {
    const id = newId();
    expect((await put(id, "?shortcut=true", drive(his))).status).toBe(201);
    await accept(id);
    const headers = bearer(his);
    const closed = [
      await world.ask("POST", `/sharings/${id}/_bulk_docs`, { headers, body: {} }),
      await world.ask("POST", `/sharings/${id}/_revs_diff`, { headers, body: {} }),
      await world.ask("PUT", `/sharings/${id}/recipients`, { headers, body: { data: [] } }),
      await world.ask("POST", `/sharings/${id}/recipients/self/readonly`, { headers, body: {} }),
      await world.ask("GET", "/data/io.cozy.tests/t1", { headers }),
    ];
    expect(closed.map(({ status }) => status)).toEqual([401, 401, 401, 401, 403]);
    expect((await world.ask("DELETE", `/sharings/${id}`, { headers })).status).toBe(204);
    expect((await row(id))?.revoked_at).not.toBeNull();
    expect((await world.ask("DELETE", `/sharings/${id}`, { headers })).status).toBe(401);
  });

  test("is not replaced, nor are the rules, by a request that offers nothing", async () => {
    const id = newId();
    const mine = "m".repeat(43);
    await put(id, "?shortcut=true", drive(mine));
    const before = await row(id);
    const rules = [{ title: "All", doctype: "io.cozy.files", values: ["everything"], add: "sync" }];
    const body = sharing({ drive: true, rules, credentials: [{ drive_token: others, state }] });
    expect((await put(id, "", body)).status).toBe(201);
    expect(await row(id)).toEqual(before);
    const ended = await world.ask("DELETE", `/sharings/${id}`, { headers: bearer(others) });
    expect(ended.status).toBe(401);
    expect((await world.ask("DELETE", `/sharings/${id}`, { headers: bearer(mine) })).status).toBe(204);
  });

  test("ends no other drive", async () => {
    const [one, other] = [newId(), newId()];
    const [ofOne, ofOther] = ["1".repeat(43), "2".repeat(43)];
    await put(one, "?shortcut=true", drive(ofOne));
    await put(other, "?shortcut=true", drive(ofOther));
    expect((await world.ask("DELETE", `/sharings/${other}`, { headers: bearer(ofOne) })).status).toBe(403);
    expect((await row(other))?.revoked_at).toBeNull();
  });
});

/** As after an answer that the owner took. */
async function accept(id: string): Promise<void> {
  await world.site.store.db
    .updateTable("cozy_sharing")
    .set({ is_active: 1 })
    .where("document_id", "=", id)
    .execute();
}
