import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CozyV2 } from "../../world/cozy-v2/cozy.ts";
import { bodyOf, openV2World, type UsherV2, type V2World } from "./world.ts";

// Alice has an account here, Bob and Carol have Cozys of platform 2.
let world: V2World;
let alice: UsherV2;
let bob: CozyV2;
let carol: CozyV2;

beforeEach(async () => {
  world = await openV2World();
  alice = await world.usher("alice");
  bob = await world.cozy("bob");
  carol = await world.cozy("carol");
});
afterEach(async () => world[Symbol.asyncDispose]());

async function share(options: object = {}): Promise<string> {
  const rule = await alice.keep("evt-1", { description: "Concert" });
  const targets = [bob, carol].map(({ origin }) => ({ recipientUrl: origin }));
  const shareID = await alice.share({ desc: "Concert tickets", rules: [rule], targets, ...options });
  await alice.work();
  return shareID;
}

async function accept(cozy: CozyV2): Promise<void> {
  expect((await cozy.owner.accept(cozy.pending()[0]?.id ?? "")).status).toBe(200);
  await alice.work();
}

async function statuses() {
  return (await alice.owned())?.members.map(({ status }) => status);
}

test("each target is asked, and nobody learns who the others are", async () => {
  const shareID = await share();
  expect(await statuses()).toEqual(["asked", "asked"]);
  expect(bob.pending()[0]).toMatchObject({ shareID, desc: "Concert tickets", recipientUrl: bob.origin });
  const [asked] = bob.bodies("request");
  expect(asked).toMatchObject({
    id: shareID,
    continuous: true,
    target: { recipientUrl: alice.origin.slice("https://".length) },
  });
  expect(JSON.stringify(asked)).not.toContain("carol");
  expect(bob.bodies("request")[0]?.["preToken"]).not.toBe(carol.bodies("request")[0]?.["preToken"]);
  expect(bob.refusals()).toEqual([]);
});

test("a target that cannot be asked keeps no other waiting, and is asked when it is back", async () => {
  await bob.goDown();
  await share();
  expect(await statuses()).toEqual(["new", "asked"]);
  expect((await alice.owned())?.members[0]?.error).toBe("connection-refused");
  await accept(carol);
  expect(carol.document("evt-1")).toMatchObject({ description: "Concert" });
  await bob.comeUp();
  await alice.usher.workAgain();
  expect(await statuses()).toEqual(["asked", "accepted"]);
  expect((await alice.owned())?.members[0]?.error).toBeNull();
});

describe("who accepted gets the document", () => {
  test("and each change of it, and its end, where the sharing is continuous", async () => {
    await share({ continuous: true });
    await accept(bob);
    expect(bob.document("evt-1")).toMatchObject({ description: "Concert", docType: "event" });
    expect((await alice.owned())?.members[0]?.replication_id).toMatch(/^[0-9a-f]{32}$/);
    for (const description of ["at eight", "at nine", "at ten"]) await alice.keep("evt-1", { description });
    await alice.work();
    expect(bob.document("evt-1")).toMatchObject({ description: "at ten" });
    await alice.erase("evt-1");
    await alice.work();
    expect(bob.document("evt-1")).toBeNull();
    expect(bob.refusals()).toEqual([]);
    expect(carol.document("evt-1")).toBeNull();
  });

  test("as it was then, where it is not", async () => {
    await share({ continuous: false });
    await accept(bob);
    await alice.keep("evt-1", { description: "later" });
    await alice.work();
    expect(bob.document("evt-1")).toMatchObject({ description: "Concert" });
    expect((await alice.owned())?.members[0]?.replication_id).toBeNull();
  });

  test("also after his Cozy was down meanwhile", async () => {
    await share();
    await accept(bob);
    await bob.goDown();
    await alice.keep("evt-1", { description: "at nine" });
    await alice.work();
    await bob.comeUp();
    await alice.usher.workAgain();
    expect(bob.document("evt-1")).toMatchObject({ description: "at nine" });
  });
});

test("who refused is told nothing more", async () => {
  const shareID = await share();
  expect((await bob.owner.refuse(bob.pending()[0]?.id ?? "")).status).toBe(200);
  await accept(carol);
  expect(await statuses()).toEqual(["refused", "accepted"]);
  const before = bob.requests().length;
  await alice.keep("evt-1", { description: "at nine" });
  await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`);
  await alice.work();
  expect(bob.requests()).toHaveLength(before);
});

describe("the end", () => {
  test("of all reaches everybody who was asked, one by one", async () => {
    const shareID = await share();
    await accept(bob);
    await carol.goDown();
    expect((await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`)).status).toBe(200);
    await alice.work();
    expect(bob.sharings()).toEqual([]);
    expect(bob.accesses()).toEqual([]);
    await carol.comeUp();
    await alice.usher.workAgain();
    expect(carol.requests().filter(({ place }) => place === "revoke")).toHaveLength(1);
    const { sharing, members } = (await alice.owned()) ?? {};
    expect([sharing?.is_active, sharing?.revoked_at !== null]).toEqual([0, true]);
    expect(members?.map(({ secret_sealed, token_sealed }) => [secret_sealed, token_sealed])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect((await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`)).status).toBe(404);
  });

  test("of one leaves the others", async () => {
    const shareID = await share();
    await accept(bob);
    await accept(carol);
    const path = `/services/sharing/sharer/${shareID}/${encodeURIComponent(bob.origin)}/`;
    expect((await alice.app("DELETE", path)).status).toBe(200);
    expect((await alice.app("DELETE", path)).status).toBe(404);
    await alice.work();
    await alice.keep("evt-1", { description: "at nine" });
    await alice.work();
    expect(bob.sharings()).toEqual([]);
    expect(bob.document("evt-1")).toMatchObject({ description: "Concert" });
    expect(carol.document("evt-1")).toMatchObject({ description: "at nine" });
  });

  test("is told by a recipient that leaves", async () => {
    await share();
    bob.setHabits({ savesToken: true });
    await accept(bob);
    expect((await bob.owner.leave(bob.sharings()[0]?.id ?? "")).status).toBe(200);
    expect(await statuses()).toEqual(["revoked", "asked"]);
    await alice.keep("evt-1", { description: "at nine" });
    await alice.work();
    expect(bob.document("evt-1")).toMatchObject({ description: "Concert" });
  });

  test("before the request was sent sends none", async () => {
    const rule = await alice.keep("evt-1", { description: "Concert" });
    const targets = [{ recipientUrl: bob.origin }];
    const shareID = await alice.share({ desc: "Concert", rules: [rule], targets });
    await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`);
    await alice.work();
    expect(bob.requests().filter(({ place }) => place === "request")).toEqual([]);
    expect(bob.sharings()).toEqual([]);
  });
});

/** An answer of anybody, in Bob's name. */
async function answer(change: { readonly body?: object; readonly password?: string } = {}) {
  const [request] = bob.bodies("request");
  const { shareID, preToken } = request ?? {};
  return world.call({
    method: "POST",
    url: `${alice.origin}/services/sharing/answer`,
    credentials: { login: String(shareID), password: change.password ?? String(preToken) },
    body: { recipientUrl: bob.origin, accepted: true, token: "a".repeat(64), ...change.body },
  });
}

describe("an answer", () => {
  test("is taken once, whoever repeats it", async () => {
    await share();
    expect((await answer()).status).toBe(200);
    expect((await answer()).status).toBe(401);
    const password = "a".repeat(64);
    expect((await answer({ password })).status).toBe(200);
    expect(await answer({ password, body: { token: "b".repeat(64) } })).toMatchObject({
      status: 403,
      body: { error: "The answer for this sharing has already been given" },
    });
    expect(await answer({ password, body: { accepted: false } })).toMatchObject({ status: 403 });
    expect(await statuses()).toEqual(["accepted", "asked"]);
  });

  test("with the preToken of another target, or none of it, is not taken", async () => {
    await share();
    const carols = String(carol.bodies("request")[0]?.["preToken"]);
    expect(await answer({ password: carols })).toMatchObject({ status: 401 });
    expect(await answer({ password: "0".repeat(64) })).toMatchObject({ status: 401 });
    expect(await answer({ body: { recipientUrl: "https://eve.example" } })).toMatchObject({
      status: 404,
      body: { error: "https://eve.example not found for this sharing" },
    });
    expect(await statuses()).toEqual(["asked", "asked"]);
  });

  test("is known by the preToken where it names the sharer, as the document's request does", async () => {
    await share();
    expect((await answer({ body: { recipientUrl: alice.origin } })).status).toBe(200);
    expect(await statuses()).toEqual(["accepted", "asked"]);
  });
});

test("an application needs the permission, and what it shares has to be there", async () => {
  const body = { rules: [{ id: "evt-1", docType: "event" }], targets: [{ recipientUrl: bob.origin }] };
  expect(await alice.app("POST", "/services/sharing/", body)).toMatchObject({
    status: 404,
    text: '{"error":"not_found: missing"}',
  });
  const other = await alice.usher.app("event:ALL");
  expect(await other("POST", "/services/sharing/", body)).toMatchObject({ status: 403 });
  const anonymous = await alice.usher.ask("POST", "/services/sharing/", { body });
  expect([anonymous.status, bodyOf(anonymous)]).toEqual([401, { error: "Application is not authenticated" }]);
  expect(await alice.owned()).toBeNull();
});

test("a sharing without description is asked for with its types: recipients refuse an empty one", async () => {
  const rule = await alice.keep("evt-1", { description: "Concert" });
  await alice.share({ rules: [rule], targets: [{ recipientUrl: bob.origin }] });
  await alice.work();
  expect(bob.pending()[0]).toMatchObject({ desc: "event" });
});

test("a target is named by its url, too, as the first revisions of the data-system did", async () => {
  const rule = await alice.keep("evt-1", { description: "Concert" });
  await alice.share({ desc: "Concert", rules: [rule], targets: [{ url: bob.origin }] });
  await alice.work();
  expect(bob.pending()[0]).toMatchObject({ desc: "Concert", recipientUrl: bob.origin });
});
