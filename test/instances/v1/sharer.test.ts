import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bobsMail,
  carolsMail,
  doctype,
  openSharerWorld,
  scope,
  share,
  type SharerWorld,
  states,
} from "./sharer-world.ts";

describe.each(["one-shot", "master-slave", "master-master"] as const)("a %s sharing of Alice", (type) => {
  let world: SharerWorld;
  beforeAll(async () => {
    world = await openSharerWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  test("is mailed, accepted by a Cozy of the time, sent, and revoked by her", async () => {
    const { alice, bob, app } = world;
    const { sharingId } = await share(world, type, [{ mail: bobsMail, cozy: bob.origin }]);
    expect(sharingId).toMatch(/^[A-Za-z]{32}$/);
    expect(await states(world, sharingId)).toEqual(["pending"]);
    const link = await alice.linkOf(bobsMail);
    const query = new URL(link).searchParams;
    expect(link.startsWith(`${bob.origin}/sharings/request?App_slug=drive&client_id=`)).toBe(true);
    expect(Object.fromEntries(query)).toEqual({
      App_slug: "drive",
      client_id: bob.clients()[0]?.id,
      redirect_uri: `${alice.origin}/sharings/answer`,
      response_type: "code",
      scope,
      sharing_type: type,
      state: sharingId,
    });
    const end = await bob.owner.accept(link);
    expect(end).toMatchObject({ status: 200, url: `${bob.origin}/` });
    expect(await states(world, sharingId)).toEqual(["accepted"]);
    await alice.work();
    expect(bob.document(doctype, "t1")).toEqual({ text: "first" });
    const isBothWays = type === "master-master";
    expect(bob.sharings()).toMatchObject([{ sharingId, type, sharer: { hasToken: isBothWays } }]);

    await app("PUT", `/data/${doctype}/t1`, { text: "second" });
    await alice.work();
    expect(bob.document(doctype, "t1")).toEqual({ text: type === "one-shot" ? "first" : "second" });

    expect((await app("DELETE", `/sharings/${sharingId}`)).status).toBeLessThan(300);
    expect(await states(world, sharingId)).toEqual(["revoked"]);
    await alice.work();
    expect(bob.sharings()).toMatchObject([{ revoked: true }]);
    expect(bob.clients()).toEqual([]);
    expect(await inbound(world)).toEqual([]);
    await app("PUT", `/data/${doctype}/t1`, { text: "third" });
    await alice.work();
    expect(bob.document(doctype, "t1")).not.toEqual({ text: "third" });
    expect(bob.refusals()).toEqual([]);
  });

  test("is refused by a Cozy of the time, and accepted by it after all", async () => {
    const { alice, carol } = world;
    const { sharingId } = await share(world, type, [{ mail: carolsMail, cozy: carol.origin }]);
    const link = await alice.linkOf(carolsMail);
    await carol.owner.refuse(link);
    expect(await states(world, sharingId)).toEqual(["refused"]);
    await alice.work();
    expect(carol.documents(doctype)).toEqual([]);
    await carol.owner.accept(link);
    expect(await states(world, sharingId)).toEqual(["accepted"]);
    expect(carol.refusals()).toEqual([]);
  });
});

/** OAuth clients of others at Alice's host. */
async function inbound({ alice }: SharerWorld): Promise<readonly unknown[]> {
  return alice.site.store.db.selectFrom("cozy_client").select("id").execute();
}

describe("documents of a sharing", () => {
  let world: SharerWorld;
  beforeAll(async () => {
    world = await openSharerWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  test("reach one recipient while another is down, and that one once he is up", async () => {
    const { alice, bob, carol, app } = world;
    const people = [
      { mail: bobsMail, cozy: bob.origin },
      { mail: carolsMail, cozy: carol.origin },
    ];
    const { sharingId } = await share(world, "master-slave", people);
    await bob.owner.accept(await alice.linkOf(bobsMail));
    await carol.owner.accept(await alice.linkOf(carolsMail));
    await alice.work();
    await bob.goDown();
    await app("PUT", `/data/${doctype}/t1`, { text: "while Bob is down" });
    await alice.work();
    expect(carol.document(doctype, "t1")).toEqual({ text: "while Bob is down" });
    await bob.comeUp();
    await alice.workAgain();
    expect(bob.document(doctype, "t1")).toEqual({ text: "while Bob is down" });
    expect(await states(world, sharingId)).toEqual(["accepted", "accepted"]);
  });

  test("go on after the access token has expired", async () => {
    const { alice, bob, app } = world;
    bob.expireAccessTokens();
    await app("PUT", `/data/${doctype}/t1`, { text: "with a new token" });
    await alice.work();
    expect(bob.document(doctype, "t1")).toEqual({ text: "with a new token" });
    const refreshed = bob.requests().filter(({ place }) => place === "token").length;
    await app("PUT", `/data/${doctype}/t1`, { text: "with the same token" });
    await alice.work();
    expect(bob.document(doctype, "t1")).toEqual({ text: "with the same token" });
    expect(bob.requests().filter(({ place }) => place === "token")).toHaveLength(refreshed);
  });

  test.each([
    ["500", { kind: "status", status: 500, retryAfter: null }],
    ["nonsense", { kind: "nonsense" }],
    ["half an answer", { kind: "cut", afterBytes: 3 }],
    ["an answer that is lost after its effect", { kind: "lost-answer" }],
  ] as const)("arrive once in the end where the recipient's server answers with %s", async (what, fault) => {
    const { alice, bob, app } = world;
    bob.misbehave(fault, "document", 1);
    await app("PUT", `/data/${doctype}/t1`, { text: what });
    await alice.work();
    await alice.workAgain();
    expect(bob.document(doctype, "t1")).toEqual({ text: what });
  });

  test("arrive where a page comes in place of the answer to the writing", async () => {
    const { alice, bob, carol, app } = world;
    // The first request looks what stands there.
    bob.misbehave({ kind: "nonsense" }, "document", 1, 1);
    await app("PUT", `/data/${doctype}/t1`, { text: "behind a login" });
    await alice.work();
    expect(carol.document(doctype, "t1")).toEqual({ text: "behind a login" });
    expect(bob.document(doctype, "t1")).not.toEqual({ text: "behind a login" });
    await alice.workAgain();
    expect(bob.document(doctype, "t1")).toEqual({ text: "behind a login" });
  });

  test("are deleted there when they are deleted here", async () => {
    const { alice, bob, carol, app } = world;
    expect((await app("DELETE", `/data/${doctype}/t1`)).status).toBe(200);
    await alice.work();
    expect([bob.document(doctype, "t1"), carol.document(doctype, "t1")]).toEqual([null, null]);
    expect([...bob.refusals(), ...carol.refusals()].filter((each) => !each.includes("token"))).toEqual([]);
  });
});
