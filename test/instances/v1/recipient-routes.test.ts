import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { issueTokens } from "../../../src/instances/oauth/tokens.ts";
import { cozyMembersOf, cozySharingByShareId } from "../../../src/store/cozy-sharings.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import {
  answer,
  openRecipientWorld,
  type RecipientWorld,
  settled,
  share,
  subscriptions,
} from "./recipient-world.ts";
import { scope } from "./sharer-world.ts";

// The cases of cozy-stack (web/sharings/sharings_test.go) that a test takes over are named at it.

let world: RecipientWorld;
let link: URL;
let sharingId: string;
beforeAll(async () => {
  world = await openRecipientWorld();
  const shared = await share(world, { type: "master-master" });
  link = new URL(shared.link);
  ({ sharingId } = shared);
});
afterAll(async () => world[Symbol.asyncDispose]());

/** A token as the sharer of one sharing has it; `clientOf`: as the client of another. */
async function tokenOf(of: {
  readonly sharingId: string;
  readonly scope?: string;
  readonly clientOf?: string;
}) {
  const { site, accountId } = world.bob;
  const row = await cozySharingByShareId(site.store.db, accountId, "v1a", of.sharingId);
  const whose = await cozySharingByShareId(site.store.db, accountId, "v1a", of.clientOf ?? of.sharingId);
  const [sharer] = await cozyMembersOf(site.store.db, whose?.id ?? "");
  const grant = {
    accountId,
    clientId: sharer?.inbound_client_id ?? "",
    cozySharingId: row?.id ?? null,
    scope: of.scope ?? scope,
  };
  return (await issueTokens(site.store.db, grant, Date.now())).access;
}

const refuse = async (form: Readonly<Record<string, string>>) =>
  world.bob.ask("POST", "/sharings/formRefuse", { form });

const give = async (body: unknown) => world.bob.ask("POST", "/sharings/access/code", { body });

/** The request link with these fields in place of its own; null leaves one out. */
function request(changed: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(link.search);
  for (const [key, value] of Object.entries(changed)) {
    if (value === null) query.delete(key);
    else query.set(key, value);
  }
  return `/sharings/request?${query.toString()}`;
}

describe("GET /sharings/request", () => {
  // TestSharingRequestNoScope, -NoState, -NoSharingType, -BadScope, -NoClientID, -BadClientID
  test.each([
    ["without state", { state: null }, 400, "state"],
    ["without sharing type", { sharing_type: null }, 422, "sharing_type"],
    ["with a type that is none", { sharing_type: "shared" }, 422, "sharing_type"],
    ["without scope", { scope: null }, 400, "scope"],
    ["with a scope that is none", { scope: "a b:c:d:e:f" }, 400, "scope"],
    ["without client", { client_id: null }, 400, "client_id"],
    ["with an unknown client", { client_id: "nobody" }, 400, "client_id"],
    ["that leads elsewhere", { redirect_uri: "https://eve.example/sharings/answer" }, 400, "redirect_uri"],
  ])("%s is refused, and names the field", async (_, changed, status, parameter) => {
    const reply = await world.bob.ask("GET", request(changed));
    expect(reply.status).toBe(status);
    expect(readObject(reply.text)).toMatchObject({
      errors: [{ status: String(status), source: { parameter } }],
    });
  });

  // TestSharingRequestSuccess
  test("leads to where consent is asked for, with the same query", async () => {
    const reply = await world.bob.ask("GET", request({}));
    expect([reply.status, reply.headers.location]).toEqual([
      303,
      `${world.bob.origin}/auth/authorize${link.search}`,
    ]);
  });
});

describe("POST /sharings/formRefuse", () => {
  // TestRefuseSharingWhenThereIsNoState, -NoClientID, -Success
  test("sends a browser to the sharer, for an invitation that waits", async () => {
    const clientId = link.searchParams.get("client_id") ?? "";
    expect((await refuse({ client_id: clientId })).status).toBe(400);
    expect((await refuse({ state: sharingId })).status).toBe(400);
    // Nobody has answered it yet: nothing is known here by this state.
    expect((await refuse({ state: sharingId, client_id: clientId })).status).toBe(404);
    const waiting = await share(world);
    const id = new URL(waiting.link).searchParams.get("client_id") ?? "";
    await world.alice.goDown();
    await answer(world, waiting.link);
    const sent = await refuse({ state: waiting.sharingId, client_id: id });
    expect(sent.status).toBe(302);
    const place = new URL(sent.headers.location ?? "");
    expect(place.origin + place.pathname).toBe(`${world.alice.origin}/sharings/answer`);
    expect(Object.fromEntries(place.searchParams)).toEqual({ client_id: id, state: waiting.sharingId });
    await world.alice.comeUp();
    await world.bob.workAgain();
    await settled(world);
    // Whoever has accepted leaves.
    const late = await refuse({ state: waiting.sharingId, client_id: id });
    expect(late.status).toBe(404);
  });
});

describe("POST /sharings/access/code", () => {
  // TestReceiveAccessCode and its kin: -NoState, -NoCode, -BadState
  test("takes a code for a sharing that goes both ways, and no other", async () => {
    expect((await give({ code: "c" })).status).toBe(400);
    expect((await give({ state: sharingId })).status).toBe(500);
    expect((await give({ state: "nobody", code: "c" })).status).toBe(404);
    const oneWay = await share(world, { type: "master-slave" });
    await answer(world, oneWay.link);
    expect((await give({ state: oneWay.sharingId, code: "c" })).status).toBe(404);
  });

  test("a code that the sharer does not know changes nothing", async () => {
    const { alice, bob, app } = world;
    const both = await share(world, { type: "master-master" });
    await answer(world, both.link);
    const taken = await give({ state: both.sharingId, code: "forged" });
    expect([taken.status, taken.text]).toEqual([200, "null"]);
    await bob.work();
    await app("PUT", "/data/io.cozy.tests/t1", { text: "of Bob" });
    await settled(world);
    expect(alice.document("io.cozy.tests", "t1")).toEqual({ text: "of Bob" });
  });
});

describe("DELETE /sharings/:id by the sharer", () => {
  // TestRevokeSharingNonExistent, -BySharer with another scope, with another client, success
  test("is for his client with the rules of the sharing", async () => {
    const { bob } = world;
    const mine = await share(world);
    await answer(world, mine.link);
    const other = await share(world);
    await answer(world, other.link);
    const end = async (id: string, token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await bob.ask("DELETE", `/sharings/${id}?Recursive=false`, { headers })).status;
    };
    const right = await tokenOf({ sharingId: mine.sharingId });
    expect(await end("nobody", right)).toBe(404);
    expect(
      await end(mine.sharingId, await tokenOf({ sharingId: mine.sharingId, scope: "io.cozy.tests:GET:t1" })),
    ).toBe(403);
    expect(
      await end(mine.sharingId, await tokenOf({ sharingId: mine.sharingId, clientOf: other.sharingId })),
    ).toBe(403);
    const before = (await subscriptions(world)).filter(({ state }) => state === "SUBSCRIBED").length;
    expect(await end(mine.sharingId, right)).toBeLessThan(300);
    // The token went with the sharing.
    expect(await end(mine.sharingId, right)).toBe(401);
    await settled(world);
    const after = await subscriptions(world);
    expect(after.filter(({ state }) => state === "SUBSCRIBED")).toHaveLength(before - 1);
  });
});

test("who guesses the ids of sharings is sent away", async () => {
  let last = 0;
  for (let tries = 0; tries <= limits.wrongSecrets; tries += 1) {
    const reply = await world.bob.ask("POST", "/sharings/access/code", {
      body: { state: `guess${tries}`, code: "c" },
    });
    last = reply.status;
  }
  expect(last).toBe(429);
});
