import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bobsMail,
  carolsMail,
  doctype,
  openSharerWorld,
  share,
  type SharerWorld,
  states,
  type V1aType,
} from "./sharer-world.ts";

/** Bob and Carol have accepted. */
async function bothAccepted(world: SharerWorld, type: V1aType) {
  const { alice, bob, carol } = world;
  const shared = await share(world, type, [
    { mail: bobsMail, cozy: bob.origin },
    { mail: carolsMail, cozy: carol.origin },
  ]);
  await bob.owner.accept(await alice.linkOf(bobsMail));
  await carol.owner.accept(await alice.linkOf(carolsMail));
  await alice.work();
  return { ...shared, bobsContact: shared.contacts[0] ?? "", carolsContact: shared.contacts[1] ?? "" };
}

async function isRevoked({ alice }: SharerWorld, documentId: string): Promise<boolean> {
  const row = await alice.site.store.db
    .selectFrom("cozy_sharing")
    .select("revoked_at")
    .where("document_id", "=", documentId)
    .executeTakeFirstOrThrow();
  return row.revoked_at !== null;
}

async function inbound({ alice }: SharerWorld): Promise<number> {
  return (await alice.site.store.db.selectFrom("cozy_client").select("id").execute()).length;
}

// reference/cozy.md 8.2; one-shot behaves as master-slave.
describe.each(["one-shot", "master-slave", "master-master"] as const)("%s", (type) => {
  let world: SharerWorld;
  beforeAll(async () => {
    world = await openSharerWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  test("pkg/sharings RevokeSharing: the sharer takes all of it back, and every recipient is asked to revoke", async () => {
    const { alice, bob, carol, app } = world;
    const { id, sharingId } = await bothAccepted(world, type);
    expect(await inbound(world)).toBe(type === "master-master" ? 2 : 0);
    await app("DELETE", `/sharings/${sharingId}`);
    await alice.work();
    const asked = [bob, carol].map((cozy) => cozy.requests().filter(({ method }) => method === "DELETE"));
    expect(asked.map((each) => each.map(({ place }) => place))).toEqual([["revoke"], ["revoke"]]);
    expect(asked.flat().every(({ path }) => path.includes("Recursive=false"))).toBe(true);
    expect([bob.sharings(), carol.sharings()]).toMatchObject([[{ revoked: true }], [{ revoked: true }]]);
    expect([bob.clients(), carol.clients(), await inbound(world)]).toEqual([[], [], 0]);
    expect([await states(world, sharingId), await isRevoked(world, id)]).toEqual([
      ["revoked", "revoked"],
      true,
    ]);
  });

  test("pkg/sharings RevokeRecipient: the first of two keeps the sharing, the last one ends it", async () => {
    const { alice, bob, carol, app } = world;
    const { id, sharingId, bobsContact, carolsContact } = await bothAccepted(world, type);
    expect((await app("DELETE", `/sharings/${sharingId}/recipient/${bobsContact}`)).status).toBeLessThan(300);
    await alice.work();
    expect([await states(world, sharingId), await isRevoked(world, id)]).toEqual([
      ["revoked", "accepted"],
      false,
    ]);
    expect(bob.clients()).toEqual([]);
    expect(carol.clients()).toHaveLength(1);
    await app("PUT", `/data/${doctype}/t1`, { text: `for Carol, ${type}` });
    await alice.work();
    expect(bob.document(doctype, "t1")).not.toEqual({ text: `for Carol, ${type}` });
    if (type !== "one-shot") expect(carol.document(doctype, "t1")).toEqual({ text: `for Carol, ${type}` });
    await app("DELETE", `/sharings/${sharingId}/recipient/${carolsContact}`);
    await alice.work();
    expect([await states(world, sharingId), await isRevoked(world, id)]).toEqual([
      ["revoked", "revoked"],
      true,
    ]);
    expect([bob.clients(), carol.clients(), await inbound(world)]).toEqual([[], [], 0]);
  });

  test("a recipient that is down is asked again, and keeps nobody from being asked", async () => {
    const { alice, bob, carol, app } = world;
    const { sharingId } = await bothAccepted(world, type);
    await bob.goDown();
    await app("DELETE", `/sharings/${sharingId}`);
    await alice.work();
    expect(carol.sharings().every(({ revoked }) => revoked)).toBe(true);
    expect(await states(world, sharingId)).toEqual(["revoked", "revoked"]);
    await bob.comeUp();
    await alice.workAgain();
    expect(bob.sharings().every(({ revoked }) => revoked)).toBe(true);
    const kept = await alice.site.store.db
      .selectFrom("cozy_member")
      .select("id")
      .where("token_sealed", "is not", null)
      .execute();
    expect(kept).toEqual([]);
  });

  test.each([
    ["answers with a page", { kind: "nonsense" }],
    ["has an error of its own", { kind: "status", status: 500, retryAfter: null }],
  ] as const)("a recipient that %s is asked again, and keeps nobody from being asked", async (_, fault) => {
    const { alice, bob, carol, app } = world;
    const { sharingId } = await bothAccepted(world, type);
    bob.misbehave(fault, "revoke", 1);
    await app("DELETE", `/sharings/${sharingId}`);
    await alice.work();
    expect(carol.sharings().every(({ revoked }) => revoked)).toBe(true);
    expect(bob.sharings().every(({ revoked }) => revoked)).toBe(false);
    await alice.workAgain();
    expect(bob.sharings().every(({ revoked }) => revoked)).toBe(true);
    expect(await states(world, sharingId)).toEqual(["revoked", "revoked"]);
  });

  test("a recipient who leaves is revoked where his Cozy tells, and nobody else is", async () => {
    const { alice, bob, app } = world;
    const { sharingId } = await bothAccepted(world, type);
    await bob.owner.leave(sharingId);
    await alice.work();
    // Without a token of his own a Cozy of the time cannot tell (reference/cozy.md 8.2).
    const tells = type === "master-master";
    expect(await states(world, sharingId)).toEqual([tells ? "revoked" : "accepted", "accepted"]);
    await app("PUT", `/data/${doctype}/t1`, { text: `without Bob, ${type}` });
    await alice.work();
    expect(bob.document(doctype, "t1")).not.toEqual({ text: `without Bob, ${type}` });
    await app("DELETE", `/sharings/${sharingId}`);
    await alice.work();
  });

  test("who refused stays so when the sharing is taken back, who did not answer is revoked", async () => {
    const { alice, bob, carol, app } = world;
    const { sharingId } = await share(world, type, [
      { mail: bobsMail, cozy: bob.origin },
      { mail: carolsMail, cozy: carol.origin },
    ]);
    await bob.owner.refuse(await alice.linkOf(bobsMail));
    await app("DELETE", `/sharings/${sharingId}`);
    expect(await states(world, sharingId)).toEqual(["refused", "revoked"]);
    // In a master-master sharing her Cozy stops before it asks her.
    const end = await carol.owner.accept(await alice.linkOf(carolsMail)).catch(() => null);
    expect(end?.status ?? 500).toBeGreaterThanOrEqual(400);
    expect(await states(world, sharingId)).toEqual(["refused", "revoked"]);
  });
});
