import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPair, type Pair, shareWithBob, sharingAt } from "./pair.ts";
import { openStage, type Stage } from "./stack/stage.ts";

let stage: Stage;
let pair: Pair;
beforeAll(async () => {
  stage = await openStage();
  pair = await openPair(stage);
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function asked(changes: Readonly<Record<string, string | null>>) {
  const { link } = await shareWithBob(pair, "one-shot");
  const url = new URL(link);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return pair.bob.owner.ask("GET", url.pathname + url.search);
}

describe("S1a web/sharings: request", () => {
  test.each([
    ["no state", { state: null }, 400],
    ["no scope", { scope: null }, 400],
    ["a wrong sharing type", { sharing_type: "some" }, 422],
    ["no client", { client_id: null }, 400],
    ["an unknown client", { client_id: "badclient" }, 400],
    ["a bad scope", { scope: "io.cozy.tests:FLY" }, 400],
  ])("%s", async (_, changes, status) => {
    const before = pair.bob.sharings().length;
    expect((await asked(changes)).status).toBe(status);
    expect(pair.bob.sharings()).toHaveLength(before);
  });

  test("success: 303 with the same query, the document stands before login, a second visit makes no second", async () => {
    const { bob } = pair;
    const { link, sharingId } = await shareWithBob(pair, "one-shot");
    const { pathname, search } = new URL(link);
    const answer = await bob.owner.ask("GET", pathname + search);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe(`${bob.origin}/auth/authorize${search}`);
    await bob.owner.ask("GET", pathname + search);
    expect(bob.sharings().filter((each) => each.sharingId === sharingId)).toHaveLength(1);
  });
});

describe("S1a web/auth: authorize", () => {
  test("pages with 400 for what is missing, 303 to the login, 401 for a form without login", async () => {
    const { bob } = pair;
    const { link } = await shareWithBob(pair, "one-shot");
    const query = new URL(link).searchParams;
    for (const name of ["response_type", "state", "client_id", "redirect_uri", "scope"]) {
      const others = new URLSearchParams([...query].filter(([each]) => each !== name));
      expect((await bob.owner.ask("GET", `/auth/authorize?${String(others)}`)).status).toBe(400);
    }
    const unseen = await bob.owner.ask("GET", `/auth/authorize?${String(query)}`);
    expect(unseen.status).toBe(303);
    expect(unseen.headers.location).toMatch(/\/auth\/login\?redirect=https%3A%2F%2Fbob/);
    expect((await bob.owner.ask("POST", "/auth/authorize")).status).toBe(401);
  });
});

describe("S1a web/sharings: formRefuse", () => {
  test("400, 400, 302", async () => {
    const { bob } = pair;
    const { link, sharingId } = await shareWithBob(pair, "one-shot");
    const { pathname, search, searchParams } = new URL(link);
    await bob.owner.ask("GET", pathname + search);
    const client = searchParams.get("client_id") ?? "";
    const post = async (form: Readonly<Record<string, string>>) =>
      bob.owner.ask("POST", "/sharings/formRefuse", { form });
    expect((await post({ client_id: client })).status).toBe(400);
    expect((await post({ state: sharingId })).status).toBe(400);
    expect((await post({ state: "unknown", client_id: client })).status).toBe(404);
    const done = await post({ state: sharingId, client_id: client });
    expect(done.status).toBe(302);
    const back = `${pair.alice.origin}/sharings/answer?client_id=${client}&state=${sharingId}#`;
    expect(done.headers.location).toBe(back);
    expect(bob.sharings().some((each) => each.sharingId === sharingId)).toBe(false);
    await bob.owner.open(back);
    expect(sharingAt(pair.alice, sharingId).recipients).toMatchObject([{ status: "refused" }]);
  });
});

describe("S1a web/sharings: access", () => {
  test("code: 400 (no state), 500 (no code), 404", async () => {
    const { bob } = pair;
    const ask = async (body: Readonly<Record<string, string>>) =>
      bob.owner.ask("POST", "/sharings/access/code", { body });
    expect((await ask({ code: "x" })).status).toBe(400);
    const second = await ask({ state: "unknown" });
    expect(second.status).toBe(500);
    expect(JSON.parse(second.text)).toMatchObject({
      errors: [{ status: "500", title: "Unqualified error" }],
    });
    expect((await ask({ state: "unknown", code: "x" })).status).toBe(404);
  });
});
