import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import type { PeerRoute } from "../../src/http/peer-route.ts";
import { issueCozyToken } from "../../src/store/cozy-clients.ts";
import { type InstanceWorld, openInstanceWorld, type Reply } from "./world.ts";

/** Everything that an application can be allowed. */
const all = "sharing io.cozy.tests:ALL io.cozy.files:ALL io.cozy.contacts:ALL";
/** Wrong secrets are counted by address: each case comes from one of its own. */
let addresses = 0;

let world: InstanceWorld;
let app: string;
let wrong: readonly (readonly [what: string, token: string])[];
/** Alice's sharings, one of each generation. */
const shared = { v2: "", v1a: "", v1aSecret: "", v1b: "", v3: "" };

beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token(all);
  await world.ask("PUT", "/data/io.cozy.tests/t1", { token: app, body: { text: "Alice's" } });
  await shareAll();
  wrong = await wrongTokens();
});
afterAll(async () => world[Symbol.asyncDispose]());

async function post(path: string, body: object): Promise<Reply> {
  return world.ask("POST", path, { token: app, body });
}

async function shareAll(): Promise<void> {
  const permissions = { doc: { type: "io.cozy.tests", verbs: ["ALL"], values: ["t1"] } };
  const recipients = [{ email: "dora@example.net" }];
  const v1a = await post("/sharings/", { sharing_type: "master-master", permissions, recipients });
  [shared.v1a, shared.v1aSecret] = [v1a.textAt("data.id"), v1a.textAt("data.attributes.sharing_id")];
  const v1b = await post("/sharings/", { sharing_type: "two-way", permissions, recipients });
  shared.v1b = v1b.textAt("data.id");
  const rules = [{ title: "Test", doctype: "io.cozy.tests", values: ["t1"], add: "sync" }];
  const relationships = { recipients: { data: [{ email: "dora@example.net" }] } };
  const data = { type: "io.cozy.sharings", attributes: { description: "Test", rules }, relationships };
  shared.v3 = (await post("/sharings/", { data })).textAt("data.id");
  const target = { recipientUrl: "https://dora.cozy.example" };
  const v2 = { desc: "Test", rules: [{ id: "t1", docType: "io.cozy.tests" }], targets: [target] };
  shared.v2 = (await post("/services/sharing/", v2)).textAt("shareID");
}

/** Secrets that are none for Alice's host, or not of the kind that opens documents. */
async function wrongTokens(): Promise<typeof wrong> {
  const { db } = world.site.store;
  const { id: accountId } = await db
    .selectFrom("account")
    .select("id")
    .where("name", "=", "alice")
    .executeTakeFirstOrThrow();
  const cozy = async (kind: "access" | "code" | "refresh" | "v2", expires_at: number | null = null) => {
    const of = { account_id: accountId, client_id: null, cozy_sharing_id: null, scope: "io.cozy.tests:ALL" };
    return issueCozyToken(db, { ...of, kind, expires_at }, Date.now());
  };
  const removed = await world.token(all);
  await db
    .deleteFrom("api_token")
    .where("id", "=", (await newestToken()) ?? "")
    .execute();
  return [
    ["a guess", "x".repeat(43)],
    ["another account's", await world.token(all, { account: "bob" })],
    ["one that was removed", removed],
    ["one that has expired", await cozy("access", Date.now() - 1)],
    ["a code", await cozy("code")],
    ["a refresh token", await cozy("refresh")],
    ["a token of platform 2", await cozy("v2")],
  ];
}

async function newestToken(): Promise<string | undefined> {
  const query = world.site.store.db.selectFrom("api_token").select("id").orderBy("created_at", "desc");
  return (await query.orderBy("name", "desc").executeTakeFirst())?.id;
}

function from(): { readonly "x-forwarded-for": string } {
  addresses += 1;
  return { "x-forwarded-for": `198.51.${Math.floor(addresses / 250)}.${addresses % 250}` };
}

/** The path of a route about what Alice shares and keeps. */
function pathOf({ path }: PeerRoute): string {
  const id = path.startsWith("/services") ? shared.v2 : path.startsWith("/files/") ? "t1" : shared.v3;
  const places = { id: path.startsWith("/data") ? "t1" : path.includes("/doc/") ? "t2" : id };
  const others = {
    doctype: "io.cozy.tests",
    contact: "c1",
    index: "1",
    client: "x",
    file: "f1",
    target: "x",
  };
  return path
    .replaceAll(/:(\w+)/g, (_, name: string) => ({ ...others, ...places })[name] ?? "x")
    .replace("*", "t1");
}

function routesAsking(security: "bearer" | "basic"): readonly PeerRoute[] {
  return world.origins.routes.filter(({ operation }) => operation?.security === security);
}

/** All that is kept, but for when something was last used. */
async function kept(): Promise<string> {
  const { db } = world.site.store;
  const rows = await Promise.all([
    db.selectFrom("cozy_sharing").selectAll().execute(),
    db.selectFrom("cozy_member").selectAll().execute(),
    db.selectFrom("cozy_document").selectAll().execute(),
    db.selectFrom("cozy_token").selectAll().execute(),
    db.selectFrom("contact").selectAll().execute(),
    db.selectFrom("recipient").selectAll().execute(),
    db.selectFrom("job").select(["id", "kind", "payload_json"]).execute(),
    db.selectFrom("notification").selectAll().execute(),
  ]);
  return JSON.stringify(rows);
}

describe("a route that asks for a token", () => {
  test("takes none of another account, kind or time, says the same of each, and changes nothing", async () => {
    const before = await kept();
    const wrongAnswers: string[] = [];
    for (const route of routesAsking("bearer")) {
      const headers = from();
      const answers = new Set<string>();
      for (const [what, token] of wrong) {
        const { status, text } = await world.ask(route.method, pathOf(route), { token, headers, body: {} });
        answers.add(`${status} ${text}`);
        if (status !== refusalOf(route))
          wrongAnswers.push(`${route.method} ${route.path}, ${what}: ${status}`);
      }
      if (answers.size > 1) wrongAnswers.push(`${route.method} ${route.path} tells tokens apart`);
      const none = await world.ask(route.method, pathOf(route), { headers: from(), body: {} });
      if (none.status !== refusalOf(route))
        wrongAnswers.push(`${route.method} ${route.path}: ${none.status}`);
    }
    expect(wrongAnswers).toEqual([]);
    expect(await kept()).toBe(before);
  });

  test("of platform 2 takes no other name and no other password", async () => {
    const before = await kept();
    const wrongAnswers: string[] = [];
    for (const route of routesAsking("basic")) {
      for (const [what, token] of wrong) {
        const login = route.path.includes("sharer") ? "cal" : shared.v2;
        const headers = { ...from(), authorization: basicOf(login, token) };
        const body = { recipientUrl: "https://dora.cozy.example", accepted: false };
        const { status } = await world.ask(route.method, pathOf(route), { headers, body });
        if (status !== 401) wrongAnswers.push(`${route.method} ${route.path}, ${what}: ${status}`);
      }
    }
    expect(wrongAnswers).toEqual([]);
    expect(await kept()).toBe(before);
  });
});

function basicOf(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
}

/** Codes are answered as cozy-stack does (reference/cozy.md 12.4). */
function refusalOf({ path }: PeerRoute): number {
  return path === "/permissions/self" ? 400 : 401;
}

interface Guess {
  readonly body?: object;
  readonly authorization?: string;
}

const state = "w".repeat(22);
const form = { sharing_id: "w".repeat(32), recipient_id: "w", recipient_email: "dora@example.net", url: "x" };
const basic = basicOf("w".repeat(32), "0".repeat(64));
const client = { client_id: "x", client_secret: "x" };
const answerV2 = { recipientUrl: "https://dora.cozy.example", accepted: true, token: "0".repeat(64) };
const answer = {
  data: {
    type: "io.cozy.sharings.answer",
    attributes: {
      state,
      public_name: "Eve",
      client: { client_id: "c", client_secret: "s" },
      access_token: { access_token: "a", refresh_token: "r" },
    },
  },
};

/** Braces stand for Alice's sharings. */
test.each<readonly [method: string, path: string, guess: Guess]>([
  ["GET", `/sharings/answer?state=${state}&client_id=x&access_code=x`, {}],
  ["POST", `/sharings/answer?state=${state}&client_id=x&access_code=x`, {}],
  ["POST", "/sharings/answer?state=wwwwwwwwwwww&client_id=x&access_code=x", {}],
  ["POST", "/sharings/{v1a}/answer?client_id=x", { body: {} }],
  ["POST", "/sharings/{v3}/answer", { body: answer }],
  ["POST", `/sharings/${"0".repeat(32)}/answer`, { body: answer }],
  ["GET", `/sharings/discovery?${new URLSearchParams(form).toString()}`, {}],
  ["GET", `/sharings/discovery?recipient_email=x&recipient_id=w&sharing_id={v1aSecret}`, {}],
  ["POST", "/sharings/discovery", { body: form }],
  ["GET", "/sharings/{v1b}/discovery?sharecode=wwwwwwwwwwww", {}],
  ["POST", "/sharings/{v1b}/discovery", { body: { sharecode: "wwwwwwwwwwww", url: "x" } }],
  ["GET", `/sharings/{v3}/discovery?state=${state}`, {}],
  ["POST", "/sharings/{v3}/discovery", { body: { state, url: "x" } }],
  ["POST", "/sharings/{v3}/preview-url", { body: { state } }],
  ["GET", "/permissions/self", { authorization: "Bearer wwwwwwwwwwww" }],
  ["PUT", "/sharings/{v3}/recipients", { body: { data: [] }, authorization: `Bearer ${state}` }],
  ["POST", "/sharings/access/client", { body: { state, client_id: "x", host_client_id: "x" } }],
  ["POST", "/sharings/access/code", { body: { state, code: "x" } }],
  ["POST", "/sharings/formRefuse", { body: { state, client_id: "x" } }],
  ["POST", "/auth/access_token", { body: { grant_type: "authorization_code", code: "x", ...client } }],
  ["POST", "/auth/access_token", { body: { grant_type: "refresh_token", refresh_token: "x", ...client } }],
  ["POST", "/services/sharing/answer", { body: answerV2, authorization: basic }],
  ["DELETE", "/services/sharing", { authorization: basic }],
  ["DELETE", "/services/sharing/target", { authorization: basic }],
  ["GET", "/services/sharing/replication/t1", { authorization: basic }],
  ["POST", "/services/sharing/", { body: {}, authorization: basic }],
])("%s %s: who guesses is told the same each time, and sent away", async (method, path, guess) => {
  const { body, authorization } = guess;
  const headers = { ...from(), ...(authorization === undefined ? {} : { authorization }) };
  const asked = { headers, ...(body === undefined ? {} : { body }) };
  const ask = async (): Promise<Reply> => world.ask(method, named(path), asked);
  const answers = new Set<string>();
  for (let times = 0; times < limits.wrongSecrets; times += 1) {
    const { status, text } = await ask();
    answers.add(`${status} ${text}`);
  }
  expect(answers.size).toBe(1);
  expect([...answers][0]).toMatch(/^40[0134] /);
  const { status, headers: told } = await ask();
  expect([status, typeof told["retry-after"]]).toEqual([429, isPage(told) ? "undefined" : "string"]);
});

function named(path: string): string {
  return Object.entries(shared).reduce((text, [name, id]) => text.replace(`{${name}}`, id), path);
}

function isPage(headers: Reply["headers"]): boolean {
  return String(headers["content-type"]).startsWith("text/html");
}

test("a state of an unknown sharing, of another generation and of none is told apart by nobody", async () => {
  const texts = new Set<string>();
  for (const id of [shared.v3, shared.v2, "0".repeat(32)]) {
    const { status, text } = await world.ask("POST", `/sharings/${id}/answer`, {
      headers: from(),
      body: answer,
    });
    texts.add(`${status} ${text}`);
  }
  expect(texts.size).toBe(1);
});

function routesWithBodies(): readonly PeerRoute[] {
  return world.origins.routes.filter(({ method }) => method !== "GET" && method !== "DELETE");
}

function faultsLogged(): readonly string[] {
  return world
    .logged()
    .split("\n")
    .filter((line) => line.includes('"request-failed"'));
}

function deep(levels: number): string {
  return `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

/** What no honest client sends. */
const bodies: readonly (readonly [what: string, body: string])[] = [
  ["deep lists", deep(60_000)],
  ["deep objects", `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`],
  [
    "names of the language",
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"data":{"__proto__":{"polluted":1}}}',
  ],
  ["null", "null"],
  ["a list", "[[],{},null]"],
  ["half a document", '{"a":'],
  ["a lone surrogate", '{"name":"\\ud800","desc":"\\u0000"}'],
];

describe("a body that nobody honest sends", () => {
  test.each(bodies)("of %s is refused or taken, and never a fault", async (_, body) => {
    const faults: string[] = [];
    for (const route of routesWithBodies()) {
      const headers = { ...from(), authorization: `Bearer ${app}` };
      const { status } = await world.ask(route.method, pathOf(route), { headers, body });
      if (status >= 500) faults.push(`${route.method} ${route.path}: ${status}`);
    }
    expect(faults).toEqual([]);
    expect(faultsLogged()).toEqual([]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  test("that is too large is 413 everywhere", async () => {
    const wrongAnswers: string[] = [];
    for (const route of routesWithBodies()) {
      const body = "x".repeat((route.bodyBytes ?? limits.serverBodyBytes) + 1);
      const { status } = await world.ask(route.method, pathOf(route), { token: app, headers: from(), body });
      if (status !== 413) wrongAnswers.push(`${route.method} ${route.path}: ${status}`);
    }
    expect(wrongAnswers).toEqual([]);
  });
});

test("no secret of all this was logged", () => {
  for (const [, token] of wrong) expect(world.logged()).not.toContain(token);
  for (const secret of [app, state, shared.v1aSecret, basic]) expect(world.logged()).not.toContain(secret);
});
