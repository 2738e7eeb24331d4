import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CozyV2 } from "../../world/cozy-v2/cozy.ts";
import { openV2World, type UsherV2, type V2World } from "./world.ts";

// Alice has a Cozy of platform 2, Bob an account here.
let world: V2World;
let alice: CozyV2;
let bob: UsherV2;

beforeEach(async () => {
  world = await openV2World();
  alice = await world.cozy("alice");
  bob = await world.usher("bob");
});
afterEach(async () => world[Symbol.asyncDispose]());

async function shareWithBob(sharer: CozyV2, continuous = false): Promise<{ id: string; shareID: string }> {
  const id = sharer.owner.keep({ docType: "Event", description: "Concert" });
  const { body } = await sharer.owner.share({
    desc: "Concert tickets",
    rules: [{ id, docType: "event" }],
    targets: [{ recipientUrl: bob.origin }],
    continuous,
  });
  return { id, shareID: String(body["shareID"]) };
}

function targets(sharer: CozyV2) {
  return sharer.sharings().flatMap((each) => each.targets.map(({ state }) => state));
}

test("a request waits for the account as a notification", async () => {
  await shareWithBob(alice);
  const [notification, ...others] = await bob.notifications();
  expect(others).toEqual([]);
  expect(notification).toMatchObject({
    protocol: "cozy-v2",
    origin: alice.origin,
    state: "held",
    title: "Concert tickets",
    sharer_name: "Alice",
    module: "calendar",
  });
  expect(targets(alice)).toEqual(["asked"]);
});

describe.each([
  ["in the words of the servers", "code"],
  ["in the words of the document", "document"],
] as const)("a sharing asked for %s", (_, wording) => {
  test.each([
    ["once", false],
    ["for good", true],
  ])("is accepted, and its document arrives %s", async (_when, continuous) => {
    const sharer = wording === "code" ? alice : await world.cozy("carol", { wording });
    const { id } = await shareWithBob(sharer, continuous);
    await bob.answer(true);
    await bob.work();
    await sharer.settled();
    expect(targets(sharer)).toEqual(["accepted"]);
    expect(await bob.document(id)).toMatchObject({ description: "Concert" });
    expect((await bob.notifications())[0]?.state).toBe("followed");
    sharer.owner.change(id, { description: "Concert at nine" });
    await sharer.settled();
    const now = continuous ? "Concert at nine" : "Concert";
    expect(await bob.document(id)).toMatchObject({ description: now });
    sharer.owner.erase(id);
    await sharer.settled();
    expect((await bob.document(id)) === null).toBe(continuous);
    expect(sharer.refusals()).toEqual([]);
  });

  test("is refused, and forgotten here once the sharer knows", async () => {
    const sharer = wording === "code" ? alice : await world.cozy("carol", { wording });
    await shareWithBob(sharer);
    await sharer.goDown();
    await bob.answer(false);
    await bob.work();
    expect(await bob.received()).not.toBeNull();
    await sharer.comeUp();
    await bob.usher.workAgain();
    expect(await bob.received()).toBeNull();
    expect(targets(sharer)).toEqual([]);
    expect(sharer.refusals()).toEqual([]);
  });
});

test.each([
  ["before it was answered", false],
  ["after it was accepted", true],
])("a sharer ends it %s", async (_, isAnswered) => {
  const { shareID } = await shareWithBob(alice, true);
  if (isAnswered) {
    await bob.answer(true);
    await bob.work();
    await alice.settled();
  }
  expect((await alice.owner.revoke(shareID)).status).toBe(200);
  await bob.work();
  expect(await bob.received()).toMatchObject({ tokens: 0, sharing: { is_active: 0 } });
  expect((await bob.received())?.sharing.revoked_at).not.toBeNull();
  expect(alice.refusals()).toEqual([]);
  if (!isAnswered) {
    const late = await bob.app("POST", "/services/sharing/sendAnswer", {
      id: (await bob.received())?.sharing.document_id,
      accepted: true,
    });
    expect(late.status).toBe(404);
  }
});

test("an account leaves: the sharer takes it out, and his token opens nothing any more", async () => {
  const { id } = await shareWithBob(alice, true);
  await bob.answer(true);
  await bob.work();
  await alice.settled();
  await bob.leave();
  await bob.work();
  expect(targets(alice)).toEqual([]);
  expect(await bob.received()).toMatchObject({ tokens: 0 });
  expect(await bob.document(id)).toMatchObject({ description: "Concert" });
});

test("a request that comes twice is one", async () => {
  const { shareID } = await shareWithBob(alice);
  const again = await world.call({
    method: "POST",
    url: `${bob.origin}/services/sharing/request`,
    credentials: null,
    body: { ...sentBody(shareID), preToken: "f".repeat(64) },
  });
  expect(again.status).toBe(200);
  expect(await bob.notifications()).toHaveLength(1);
  await bob.answer(true);
  await bob.work();
  expect(targets(alice)).toEqual(["accepted"]);
});

/** A request like the one that Alice's Cozy sent. */
function sentBody(shareID: string) {
  const rules = alice.sharings()[0]?.rules ?? [];
  const sharerUrl = `${alice.origin}/`;
  return {
    shareID,
    sharerUrl,
    sharerName: "Alice",
    recipientUrl: bob.origin,
    rules,
    desc: "Concert tickets",
  };
}

test("a sharer that is down is told the answer later", async () => {
  const { id } = await shareWithBob(alice);
  await bob.answer(true);
  await alice.goDown();
  await bob.work();
  expect((await bob.notifications())[0]?.state).toBe("accepted");
  await alice.comeUp();
  await bob.usher.workAgain();
  expect(await bob.document(id)).toMatchObject({ description: "Concert" });
});

interface Opened {
  readonly id: string;
  readonly credentials: { readonly login: string; readonly password: string };
}

async function opened(): Promise<Opened> {
  await bob.keep("own", { description: "Bob's own" });
  const { id, shareID } = await shareWithBob(alice, true);
  await bob.answer(true);
  await bob.work();
  await alice.settled();
  const token = alice.bodies("answer").length === 1 ? String(alice.bodies("answer")[0]?.["token"]) : "";
  return { id, credentials: { login: shareID, password: token } };
}

/** What somebody with these credentials is answered. */
async function reach(login: string, password: string): Promise<number> {
  return (await replicate({ credentials: { login, password } }, "GET", "")).status;
}

function docOf(_id: string, docType: string) {
  return { _id, _rev: "9-aa", docType, description: "Written" };
}

async function replicate(
  { credentials }: Pick<Opened, "credentials">,
  method: string,
  path: string,
  body?: object,
) {
  const url = `${bob.origin}/services/sharing/replication/${path}`;
  return world.call({ method, url, credentials, ...(body === undefined ? {} : { body: { ...body } }) });
}

test("a sharer that says no to the answer cannot use the token that came with it", async () => {
  const { shareID, id } = await shareWithBob(alice);
  alice.misbehave({ kind: "status", status: 401, retryAfter: null }, "answer");
  await bob.answer(true);
  await bob.work();
  expect((await bob.notifications())[0]?.state).toBe("failed");
  expect(await bob.received()).toMatchObject({ tokens: 0 });
  expect(await bob.document(id)).toBeNull();
  expect(alice.sharings()[0]?.shareID).toBe(shareID);
});

describe("the token of a sharer", () => {
  test("opens exactly the documents of its rules", async () => {
    const sharer = await opened();
    const write = async (...docs: object[]) =>
      (await replicate(sharer, "POST", "_bulk_docs", { docs, new_edits: false })).status;
    expect(await write(docOf("own", "event"))).toBe(403);
    expect(await write(docOf("new", "event"))).toBe(403);
    expect(await write(docOf(sharer.id, "contact"))).toBe(403);
    expect(await write({ _id: sharer.id, _rev: "9-aa", description: "No type" })).toBe(403);
    expect(await write(docOf(sharer.id, "event"), docOf("own", "event"))).toBe(403);
    expect(await bob.document(sharer.id)).toMatchObject({ description: "Concert" });
    expect(await bob.document("own")).toMatchObject({ description: "Bob's own" });
    expect((await replicate(sharer, "GET", "own")).status).toBe(403);
    expect((await replicate(sharer, "POST", "_all_docs", { keys: [sharer.id, "own"] })).status).toBe(403);
    expect((await replicate(sharer, "POST", "_all_docs")).status).toBe(403);
    const listed = await replicate(sharer, "POST", "_all_docs?include_docs=true", { keys: [sharer.id] });
    expect(listed.body).toMatchObject({ rows: [{ id: sharer.id, doc: { description: "Concert" } }] });
    const changes = await replicate(sharer, "GET", "_changes");
    expect(JSON.stringify(changes.body)).not.toContain('"own"');
    const diff = await replicate(sharer, "POST", "_revs_diff", { own: ["1-aa"] });
    expect(diff.body).toEqual({ own: { missing: ["1-aa"] } });
    expect(await write(docOf(sharer.id, "EVENT"))).toBe(201);
    expect(await bob.document(sharer.id)).toMatchObject({ description: "Written" });
  });

  test("does nothing but what replication needs", async () => {
    const sharer = await opened();
    expect((await replicate(sharer, "HEAD", "")).status).toBe(200);
    expect((await replicate(sharer, "POST", "_ensure_full_commit", {})).status).toBe(201);
    for (const path of ["_design/all", "_security", "_find", "_bulk_get"]) {
      expect([path, (await replicate(sharer, "POST", path, {})).status]).toEqual([path, 403]);
      expect([path, (await replicate(sharer, "PUT", path, {})).status]).toEqual([path, 403]);
      expect([path, (await replicate(sharer, "GET", path)).status]).toEqual([path, 403]);
    }
    expect((await replicate(sharer, "PUT", sharer.id, { docType: "event" })).status).toBe(403);
    const place = "_local/checkpoint";
    expect((await replicate(sharer, "GET", place)).status).toBe(404);
    expect((await replicate(sharer, "PUT", place, { _id: place, seq: 7 })).status).toBe(201);
    expect((await replicate(sharer, "PUT", place, { _id: place, seq: 8 })).status).toBe(409);
    expect((await replicate(sharer, "GET", place)).body).toMatchObject({ seq: 7, _rev: "0-1" });
  });

  test("is worth nothing with another id, and another's with its id", async () => {
    const { credentials } = await opened();
    expect(await reach(credentials.login, credentials.password)).toBe(200);
    expect(await reach("another", credentials.password)).toBe(401);
    expect(await reach(credentials.login, "0".repeat(64))).toBe(401);
    expect(await reach(credentials.login, "")).toBe(401);
  });

  test("is neither logged nor kept readable", async () => {
    const { credentials } = await opened();
    const { db } = bob.usher.site.store;
    const kept = JSON.stringify([
      await db.selectFrom("cozy_token").selectAll().execute(),
      await db.selectFrom("cozy_member").selectAll().execute(),
      await db.selectFrom("record").selectAll().execute(),
      bob.usher.logged,
    ]);
    expect(kept).not.toContain(credentials.password);
    expect(kept).not.toContain(String(alice.secrets()[0]));
  });
});
