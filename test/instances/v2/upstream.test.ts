import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CozyV2 } from "../../world/cozy-v2/cozy.ts";
import { bodyOf, openV2World, type UsherV2, type V2World } from "./world.ts";

/*
 * Cases of the platform's own suites as the reference lists them (reference/cozy.md 12.1), against the served routes. DS:
 * cozy-data-system, tests/sharing_tests.coffee; PX: cozy-proxy, test/sharing_test.coffee. Cases that stub functions of theirs are
 * held against what those functions do.
 */
let world: V2World;
let alice: UsherV2;
let bob: CozyV2;
const rule = { id: "evt-1", docType: "event" };

beforeAll(async () => {
  world = await openV2World();
  alice = await world.usher("alice");
  bob = await world.cozy("bob");
  await alice.keep("evt-1", { description: "Concert" });
});
afterAll(async () => world[Symbol.asyncDispose]());

async function app(method: string, path: string, body?: object) {
  const answer = await alice.app(method, `/services/sharing/${path}`, body);
  return [answer.status, bodyOf(answer)["error"]];
}

async function post(
  path: string,
  body: object,
  credentials: { login: string; password: string } | null = null,
) {
  const url = `${alice.origin}/services/sharing/${path}`;
  const answer = await world.call({ method: "POST", url, credentials, body: { ...body } });
  return [answer.status, (answer.body as { error?: string }).error];
}

async function leave(login: string, password: string) {
  const url = `${alice.origin}/services/sharing/target`;
  return world.call({ method: "DELETE", url, credentials: { login, password } });
}

describe("DS create", () => {
  const target = { recipientUrl: "https://bob.cozy.example" };
  test.each([
    ["empty body", {}, "Body is incomplete"],
    ["targets []", { targets: [], rules: [rule] }, "Body is incomplete"],
    [
      "a target with empty url",
      { targets: [target, { recipientUrl: "" }], rules: [rule] },
      "No url specified",
    ],
    ["rules []", { targets: [target], rules: [] }, "Body is incomplete"],
    [
      "a rule with empty id",
      { targets: [target], rules: [rule, { id: "", docType: "event" }] },
      "Incorrect rule detected",
    ],
    ["a rule without docType", { targets: [target], rules: [{ id: "evt-1" }] }, "Incorrect rule detected"],
  ])("%s", async (_, body, error) => {
    expect(await app("POST", "", body)).toEqual([400, error]);
    expect(await alice.owned()).toBeNull();
  });
});

describe("DS sendSharingRequests and answers", () => {
  let shareID = "";
  let preToken = "";

  beforeAll(async () => {
    const targets = [{ recipientUrl: bob.origin }];
    shareID = await alice.share({ desc: "Tickets", rules: [rule], targets, continuous: false });
    await alice.work();
    preToken = String(bob.bodies("request")[0]?.["preToken"]);
  });

  async function answer(body: object, password = preToken) {
    return post("answer", body, { login: shareID, password });
  }

  test("DS create: success makes a preToken for each target; one call per target at services/sharing/request", () => {
    expect(preToken).toMatch(/^[0-9a-f]{64}$/);
    expect(bob.requests().map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /services/sharing/request",
    ]);
    const fields = { recipientUrl: bob.origin, preToken, shareID, rules: [rule], desc: "Tickets" };
    expect(bob.bodies("request")[0]).toMatchObject(fields);
  });

  const token = "a".repeat(64);
  test.each([
    ["PX answer: recipientUrl empty", { recipientUrl: "", accepted: true, token }],
    ["PX answer: accepted missing", { recipientUrl: "https://bob.cozy.example", token }],
    ["PX answer: accepted without token", { recipientUrl: "https://bob.cozy.example", accepted: true }],
    ["DS validateTarget: body {}", {}],
    ["DS validateTarget: recipientUrl missing", { accepted: true, token }],
    ["DS validateTarget: accepted empty", { recipientUrl: "https://bob.cozy.example", accepted: "", token }],
  ])("%s", async (_, body) => {
    expect(await answer(body)).toEqual([400, "Bad request"]);
  });

  test("PX answer: 401 for who has no preToken of the sharing", async () => {
    const body = { recipientUrl: bob.origin, accepted: true, token };
    expect(await answer(body, "wrong")).toEqual([401, "Request unauthorized"]);
    expect(await post("answer", body)).toEqual([401, "Request unauthorized"]);
    expect(await post("answer", body, { login: "unknown", password: preToken })).toEqual([
      401,
      "Request unauthorized",
    ]);
  });

  test("DS validateTarget: 404 names the address that is no target", async () => {
    const body = { recipientUrl: "https://eve.cozy.example", accepted: true, token };
    expect(await answer(body)).toEqual([404, "https://eve.cozy.example not found for this sharing"]);
  });

  test("PX revokeTarget: 401 before the answer, and for everybody else", async () => {
    expect(await leave(shareID, preToken)).toMatchObject({ status: 401 });
    expect(await leave("unknown", "wrong")).toMatchObject({ status: 401 });
  });

  test("DS validateTarget and replicate: accepted swaps preToken and token and replicates once, without repID", async () => {
    const pending = bob.pending()[0]?.id ?? "";
    expect((await bob.owner.accept(pending)).status).toBe(200);
    const [member] = (await alice.owned())?.members ?? [];
    expect([member?.secret_hash, member?.token_sealed !== null]).toEqual([null, true]);
    await alice.work();
    expect(bob.document("evt-1")).toMatchObject({ description: "Concert" });
    expect((await alice.owned())?.members[0]?.replication_id).toBeNull();
  });

  test("DS validateTarget: 403 for a second answer", async () => {
    const given = String(bob.accesses()[0]?.token);
    const body = { recipientUrl: bob.origin, accepted: false };
    expect(await answer(body, given)).toEqual([403, "The answer for this sharing has already been given"]);
  });

  test("DS deleteFromSharer: unknown id; the known one goes once", async () => {
    expect(await app("DELETE", "sharer/unknown/")).toEqual([404, "not_found: missing"]);
    expect(await app("DELETE", `sharer/${shareID}/`)).toEqual([200, undefined]);
    expect(await app("DELETE", `sharer/${shareID}/`)).toEqual([404, "not_found: missing"]);
    await alice.work();
    expect(bob.sharings()).toEqual([]);
  });

  test("DS replicate: a recipient whose database fails is tried again, and the error stands with it", async () => {
    const targets = [{ recipientUrl: bob.origin }];
    await alice.share({ desc: "Again", rules: [rule], targets, continuous: true });
    await alice.work();
    expect((await bob.owner.accept(bob.pending()[0]?.id ?? "")).status).toBe(200);
    bob.misbehave({ kind: "status", status: 500, retryAfter: null }, "replication");
    await alice.work();
    expect((await alice.owned())?.members[0]).toMatchObject({ error: "http-500", replication_id: null });
    bob.behave();
    await alice.usher.workAgain();
    const [member] = (await alice.owned())?.members ?? [];
    expect([member?.error, member?.replication_id !== null]).toEqual([null, true]);
  });
});

describe("DS handleRecipientAnswer", () => {
  test.each([
    ["empty body", {}],
    ["missing id", { accepted: true }],
    ["accepted empty", { id: "x", accepted: "" }],
  ])("400 for %s", async (_, body) => {
    expect(await app("POST", "sendAnswer", body)).toEqual([400, "Bad request: body is incomplete"]);
  });

  test("404 for a request that is not there", async () => {
    expect(await app("POST", "sendAnswer", { id: "x", accepted: true })).toEqual([404, "not_found: missing"]);
    expect(await app("DELETE", "target/x/")).toEqual([404, "not_found: missing"]);
  });
});

describe("PX request", () => {
  const request = {
    shareID: "a1b2c3",
    sharerUrl: "https://eve.cozy.example/",
    sharerName: "Eve",
    recipientUrl: "https://alice.cozy.example",
    preToken: "0".repeat(64),
    rules: [rule],
    desc: "Tickets",
  };
  const mandatory = ["shareID", "sharerUrl", "recipientUrl", "rules", "desc", "preToken"] as const;
  test.each(
    mandatory.flatMap((name) => [[name, undefined] as const, [name, ""] as const, [name, null] as const]),
  )("400 where %s is %j", async (name, value) => {
    expect(await post("request", { ...request, [name]: value })).toEqual([400, "Bad request"]);
  });

  test("400 for rules without id or with empty docType", async () => {
    expect(await post("request", { ...request, rules: [{ docType: "event" }] })).toEqual([
      400,
      "Bad request",
    ]);
    expect(await post("request", { ...request, rules: [{ id: "1", docType: "" }] })).toEqual([
      400,
      "Bad request",
    ]);
  });

  test("PX replication: 401 without an Access", async () => {
    for (const credentials of [null, { login: "a1b2c3", password: "0".repeat(64) }]) {
      const url = `${alice.origin}/services/sharing/replication/_revs_diff`;
      expect(await world.call({ method: "POST", url, credentials, body: {} })).toMatchObject({ status: 401 });
    }
  });

  test("PX request: 200 pass in a day, the next is told to come later", async () => {
    const carol = await world.usher("carol");
    const ask = async (body: object) => {
      const url = `${carol.origin}/services/sharing/request`;
      return world.call({ method: "POST", url, credentials: null, body: { ...body } });
    };
    for (let count = 1; count < 200; count += 1) expect((await ask({})).status).toBe(400);
    expect((await ask(request)).status).toBe(200);
    expect(await ask(request)).toMatchObject({
      status: 429,
      body: { error: "Too many requests. Please try later" },
    });
    expect(await carol.notifications()).toHaveLength(1);
  });
});
