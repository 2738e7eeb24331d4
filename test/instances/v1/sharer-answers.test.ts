import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bobsMail, carolsMail, openSharerWorld, share, type SharerWorld, states } from "./sharer-world.ts";

let world: SharerWorld;
beforeAll(async () => {
  world = await openSharerWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

/** A sharing with Bob, who is mailed, and what his link carries. */
async function invited(type = "one-shot") {
  const { bob, alice } = world;
  const { sharingId, contacts } = await share(world, type, [{ mail: bobsMail, cozy: bob.origin }]);
  const link = await alice.linkOf(bobsMail);
  return { sharingId, contacts, link, clientId: new URL(link).searchParams.get("client_id") ?? "" };
}

async function answer(query: Readonly<Record<string, string>>) {
  return world.alice.ask("GET", `/sharings/answer?${new URLSearchParams(query).toString()}`);
}

describe("GET /sharings/answer", () => {
  test("web/sharings TestSharingAnswerBadState: 404", async () => {
    const { clientId } = await invited();
    expect((await answer({ state: "unknown", client_id: clientId, access_code: "x" })).status).toBe(404);
    expect((await answer({ client_id: clientId, access_code: "x" })).status).toBe(404);
  });

  test("web/sharings TestSharingAnswerBadClientID: 404", async () => {
    const { sharingId } = await invited();
    expect((await answer({ state: sharingId, client_id: "unknown", access_code: "x" })).status).toBe(404);
    expect((await answer({ state: sharingId })).status).toBe(404);
  });

  test("web/sharings TestSharingAnswerBadCode: 500, and the right code is taken afterwards", async () => {
    const { sharingId, clientId, link } = await invited();
    const reply = await answer({ state: sharingId, client_id: clientId, access_code: "wrong" });
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain("wrong");
    expect(await states(world, sharingId)).toEqual(["error"]);
    await world.bob.owner.accept(link);
    expect(await states(world, sharingId)).toEqual(["accepted"]);
  });

  test("is 404 for what became of the sharing of another account's host", async () => {
    const { sharingId, clientId } = await invited();
    const reply = await world.alice.ask("GET", `/sharings/answer?state=${sharingId}&client_id=${clientId}`, {
      headers: { host: "unknown.example" },
    });
    expect(reply.status).toBe(404);
    expect(await states(world, sharingId)).toEqual(["pending"]);
  });

  test("sends the browser home, whoever answers what", async () => {
    const { sharingId, clientId } = await invited();
    const reply = await answer({ state: sharingId, client_id: clientId });
    expect([reply.status, reply.headers.location]).toEqual([302, world.bob.origin]);
    expect(await states(world, sharingId)).toEqual(["refused"]);
  });

  test("does not let a link that is opened again take back what was accepted", async () => {
    const { sharingId, clientId, link } = await invited();
    await world.bob.owner.accept(link);
    expect((await answer({ state: sharingId, client_id: clientId })).status).toBe(302);
    expect(await states(world, sharingId)).toEqual(["accepted"]);
  });

  test("takes an answer that is clicked twice, or given again, once", async () => {
    const { sharingId, link } = await invited();
    const visits = await Promise.all([world.bob.owner.accept(link), world.bob.owner.accept(link)]);
    expect(visits.map(({ status }) => status)).toEqual([200, 200]);
    const last = visits[0].trail.find(({ url }) => url.startsWith(`${world.alice.origin}/sharings/answer`));
    expect((await world.bob.owner.open(last?.url ?? "")).status).toBe(200);
    expect(await states(world, sharingId)).toEqual(["accepted"]);
    const tokens = await world.alice.site.store.db
      .selectFrom("cozy_member")
      .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
      .select("cozy_member.id")
      .where("cozy_member.status", "=", "accepted")
      .where("cozy_sharing.document_id", "in", [await documentIdOf(sharingId)])
      .execute();
    expect(tokens).toHaveLength(1);
  });

  test("is taken by its documented name, POST /sharings/:id/answer, too", async () => {
    const { sharingId, clientId } = await invited();
    const reply = await world.alice.ask("POST", `/sharings/${sharingId}/answer`, {
      body: { state: sharingId, client_id: clientId },
    });
    expect(reply.status).toBe(302);
    expect(await states(world, sharingId)).toEqual(["refused"]);
  });

  test("finds nothing any more once the sharing was taken back", async () => {
    const { sharingId, clientId, link } = await invited();
    await world.app("DELETE", `/sharings/${sharingId}`);
    expect((await answer({ state: sharingId, client_id: clientId, access_code: "x" })).status).toBe(404);
    await world.bob.owner.accept(link);
    expect(await states(world, sharingId)).toEqual(["revoked"]);
  });
});

async function documentIdOf(sharingId: string): Promise<string> {
  const { text } = await world.app("GET", `/sharings/${sharingId}`);
  const id = /"id":"([0-9a-f]{32})"/.exec(text)?.[1];
  if (id === undefined) throw new Error(text);
  return id;
}

/** What a recipient's Cozy says which client it is. */
async function tell(body: Readonly<Record<string, string>>) {
  return world.alice.ask("POST", "/sharings/access/client", { body });
}

/** A client at Alice's host whose answers go there. */
async function registered(origin: string): Promise<string> {
  const { text } = await world.alice.ask("POST", "/auth/register", {
    body: {
      redirect_uris: [`${origin}/sharings/answer`],
      client_name: "Bob",
      software_id: "github.com/cozy/cozy-stack",
    },
  });
  return String(/"client_id":"([0-9a-f]+)"/.exec(text)?.[1]);
}

describe("POST /sharings/access/client", () => {
  test("web/sharings TestReceiveClientIDBadSharing: 404", async () => {
    const hostClient = await registered(world.bob.origin);
    expect((await tell({ state: "unknown", client_id: "x", host_client_id: hostClient })).status).toBe(404);
  });

  test("web/sharings TestReceiveClientIDSuccess: 200 null", async () => {
    const { sharingId, clientId } = await invited("master-master");
    const hostClient = await registered(world.bob.origin);
    const told = { state: sharingId, client_id: clientId, host_client_id: hostClient };
    const replies = [await tell(told), await tell(told)];
    expect(replies.map(({ status, text }) => [status, text])).toEqual([
      [200, "null"],
      [200, "null"],
    ]);
  });

  test("does not take a client whose answers go elsewhere, or a sharing that is one-way", async () => {
    const both = await invited("master-master");
    const strange = await registered("https://mallory.example");
    const told = { state: both.sharingId, client_id: both.clientId };
    expect((await tell({ ...told, host_client_id: strange })).status).toBe(404);
    const one = await invited("master-slave");
    const own = await registered(world.bob.origin);
    const oneWay = { state: one.sharingId, client_id: one.clientId, host_client_id: own };
    expect((await tell(oneWay)).status).toBe(404);
  });
});

describe("registering at a recipient", () => {
  test.each([
    ["is down", null],
    ["answers 500", { kind: "status", status: 500, retryAfter: null }],
    ["answers nonsense", { kind: "nonsense" }],
    ["loses its answer", { kind: "lost-answer" }],
  ] as const)("who %s leaves him unregistered, invites the other, and is tried again", async (_, fault) => {
    const { alice, bob, carol } = world;
    if (fault === null) await bob.goDown();
    else bob.misbehave(fault, "register", 1);
    const { sharingId } = await share(world, "one-shot", [
      { mail: bobsMail, cozy: bob.origin },
      { mail: carolsMail, cozy: carol.origin },
    ]);
    expect(await states(world, sharingId)).toEqual(["unregistered", "pending"]);
    await bob.comeUp();
    await alice.workAgain();
    expect(await states(world, sharingId)).toEqual(["pending", "pending"]);
    await bob.owner.accept(await alice.linkOf(bobsMail));
    expect(await states(world, sharingId)).toEqual(["accepted", "pending"]);
  });

  test("who does not want to is unregistered, and asked again when the application says so", async () => {
    const { alice, bob, app } = world;
    bob.misbehave({ kind: "status", status: 403, retryAfter: null }, "register", 1);
    const { id, sharingId } = await share(world, "one-shot", [{ mail: bobsMail, cozy: bob.origin }]);
    await alice.workAgain();
    expect(await states(world, sharingId)).toEqual(["unregistered"]);
    expect((await app("POST", `/sharings/${id}/sendMail`)).status).toBeLessThan(300);
    await alice.work();
    expect(await states(world, sharingId)).toEqual(["pending"]);
  });

  test("is waited for", async () => {
    world.bob.misbehave({ kind: "slow", ms: 100 }, "register", 1);
    const { sharingId } = await invited();
    expect(await states(world, sharingId)).toEqual(["pending"]);
  });
});

test("no secret stands in the log or in the store", async () => {
  const { alice, bob, carol } = world;
  const { sharingId } = await invited("master-master");
  const secrets = [...bob.secrets(), ...carol.secrets(), sharingId];
  const { db } = alice.site.store;
  const tables = await Promise.all([
    db.selectFrom("cozy_sharing").selectAll().execute(),
    db.selectFrom("cozy_member").selectAll().execute(),
    db.selectFrom("job").selectAll().execute(),
    db.selectFrom("record").selectAll().execute(),
    db.selectFrom("invitation").selectAll().execute(),
  ]);
  const kept = `${JSON.stringify(tables)}${alice.logged.join("\n")}`;
  expect(secrets.length).toBeGreaterThan(5);
  expect(secrets.filter((secret) => kept.includes(secret))).toEqual([]);
});
