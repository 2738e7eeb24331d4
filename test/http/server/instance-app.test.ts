import { afterAll, beforeAll, expect, test } from "vitest";
import type { PeerRequest, PeerRoute } from "../../../src/http/peer-route.ts";
import { insertAccount } from "../../../src/store/accounts.ts";
import { ask, openWorld, publicHost, type World } from "./world.ts";

let world: World;
let seen: PeerRequest[] = [];

function route(method: PeerRoute["method"], path: string, reply: object): PeerRoute {
  const operation = {
    id: `op${path.length}`,
    summary: path,
    tag: "test",
    security: null,
    replies: {},
  } as const;
  return {
    method,
    path,
    operation,
    answer: async (request) => {
      seen.push(request);
      return { status: 201, headers: { "x-of": request.instance.accountName }, body: reply };
    },
  };
}

beforeAll(async () => {
  world = await openWorld({
    instanceRoutes: [route("POST", "/sharings/:id/answer", { ok: true }), route("GET", "/sharings/news", [])],
  });
  for (const [name, host] of [
    ["alice", "alice.share.example.org"],
    ["bob", "bob.share.example.org:8443"],
  ] as const) {
    const account = { id: name, name, locale: "en", modules: [], addresses: [], createdAt: 1 };
    await insertAccount(world.store.db, account);
    const hosted = world.store.db.updateTable("account").set({ instance_host: host });
    await hosted.where("id", "=", name).execute();
  }
});
afterAll(async () => world[Symbol.asyncDispose]());

async function at(host: string, method: string, path: string, body?: unknown) {
  seen = [];
  return ask(world, method, path, { headers: { host }, ...(body === undefined ? {} : { body }) });
}

test("each account's host serves its routes, whatever the case of its letters", async () => {
  const reply = await at("ALICE.share.example.org", "POST", "/sharings/s1/answer?a=1&a=2", { state: "x" });
  expect([reply.status, reply.headers["x-of"], reply.text]).toEqual([201, "alice", '{"ok":true}']);
  expect(seen[0]).toMatchObject({
    params: { id: "s1" },
    body: { state: "x" },
    instance: { host: "alice.share.example.org" },
  });
  expect(seen[0]?.query.getAll("a")).toEqual(["1", "2"]);
  expect((await at("bob.share.example.org:8443", "GET", "/sharings/news")).headers["x-of"]).toBe("bob");
});

test.each([
  ["an unknown host", "eve.share.example.org", "/sharings/news"],
  ["another port of a known one", "bob.share.example.org", "/sharings/news"],
  ["the site's host, asked for an instance's routes", publicHost, "/sharings/news"],
  ["an account's host, asked for the site's API", "alice.share.example.org", "/api/v1/openapi.json"],
  ["an account's host, asked for what no protocol serves", "alice.share.example.org", "/none"],
])("%s finds nothing", async (_, host, path) => {
  expect((await at(host, "GET", path)).status).toBe(404);
  expect(seen).toEqual([]);
});

test("a body that is no JSON is refused before a route sees it", async () => {
  const reply = await ask(world, "POST", "/sharings/s1/answer", {
    headers: { host: "alice.share.example.org", "content-type": "application/vnd.api+json" },
    form: { a: "b" },
  });
  expect([reply.status, JSON.parse(reply.text).reason]).toEqual([400, "not-json"]);
});

test("what the host serves is described at the host", async () => {
  const { text } = await at("alice.share.example.org", "GET", "/openapi.json");
  expect(Object.keys(JSON.parse(text).paths).toSorted()).toEqual(["/sharings/news", "/sharings/{id}/answer"]);
});
