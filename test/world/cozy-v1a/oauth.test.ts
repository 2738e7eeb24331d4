import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPair, type Pair } from "./pair.ts";
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

describe("S1a web/auth: register and access_token", () => {
  const good = {
    redirect_uris: ["https://other.example/sharings/answer"],
    client_name: "Other",
    software_id: "s",
    client_kind: "sharing",
  };

  test.each([
    ["no redirect", { redirect_uris: [] }, "invalid_redirect_uri"],
    ["a fragment", { redirect_uris: ["https://other.example/#x"] }, "invalid_redirect_uri"],
    ["no client_name", { client_name: "" }, "invalid_client_metadata"],
    ["no software_id", { software_id: "" }, "invalid_client_metadata"],
  ])("register: %s", async (_, changes, error) => {
    const answer = await pair.bob.owner.ask("POST", "/auth/register", { body: { ...good, ...changes } });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error });
  });

  test("register: a redirect to the Cozy itself is refused; a used name gets a number", async () => {
    const { bob } = pair;
    const own = { ...good, redirect_uris: [`${bob.origin}/sharings/answer`] };
    expect((await bob.owner.ask("POST", "/auth/register", { body: own })).status).toBe(400);
    const names = [];
    for (let count = 0; count < 3; count += 1) {
      const answer = await bob.owner.ask("POST", "/auth/register", { body: good });
      expect(answer.status).toBe(201);
      names.push(JSON.parse(answer.text).client_name);
    }
    expect(names).toEqual(["Other", "Other-2", "Other-3"]);
  });

  test("access_token: 400 with an error for an unknown client, a wrong secret, a wrong grant", async () => {
    const { bob } = pair;
    const registered = await bob.owner.ask("POST", "/auth/register", { body: good });
    const { client_id, client_secret } = JSON.parse(registered.text);
    for (const form of [
      { client_id: "unknown", client_secret, grant_type: "authorization_code", code: "x" },
      { client_id, client_secret: "wrong", grant_type: "authorization_code", code: "x" },
      { client_id, client_secret, grant_type: "authorization_code", code: "x" },
      { client_id, client_secret, grant_type: "refresh_token", refresh_token: "x" },
      { client_id, client_secret, grant_type: "password" },
    ]) {
      const answer = await bob.owner.ask("POST", "/auth/access_token", { form });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toEqual({ error: expect.any(String) });
    }
  });
});
