import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPair, openStage, secretOf, shareWithBob, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const done = { status: 200, body: { success: true } };

describe("a sharing that is not continuous", () => {
  test("is asked for, accepted and replicated before the answer is answered", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { shareID, pending } = await shareWithBob(pair);
    expect(alice.document(String(rule.id))).toMatchObject({ shareID });
    expect(alice.sharings()).toMatchObject([
      { role: "sharer", targets: [{ recipientUrl: bob.origin, state: "asked", error: null }] },
    ]);
    expect(bob.pending("EVENT")).toHaveLength(1);
    expect(bob.notifications()).toEqual([
      { slug: null, sharerName: "Alice", docTypes: ["event"], app: "calendar" },
    ]);
    expect(await bob.owner.accept(pending)).toEqual(done);
    expect(bob.document(String(rule.id))).toEqual(alice.document(String(rule.id)));
    expect(bob.accesses()).toMatchObject([{ login: shareID, app: pending, rules: [rule] }]);
    expect(bob.accesses()[0]).not.toHaveProperty("permissions");
    expect(alice.sharings()).toMatchObject([{ targets: [{ state: "accepted", isReplicated: false }] }]);
    expect([alice.refusals(), bob.refusals()]).toEqual([[], []]);
  });

  test("does not follow later changes", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { pending } = await shareWithBob(pair, false);
    await bob.owner.accept(pending);
    alice.owner.change(String(rule.id), { description: "Concert, moved" });
    await alice.settled();
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert" });
  });
});

describe("a continuous sharing", () => {
  test("follows changes and deletions, of which the recipient's home tells", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { shareID, pending } = await shareWithBob(pair, true);
    await bob.owner.accept(pending);
    await alice.settled();
    alice.owner.change(String(rule.id), { description: "Concert, moved" });
    await alice.settled();
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert, moved" });
    alice.owner.erase(String(rule.id));
    await alice.settled();
    expect(bob.document(String(rule.id))).toBeNull();
    expect(bob.feed()).toEqual([
      `sharing.create ${pending}`,
      ...["create", "update", "delete"].map((kind) => `sharing.event.${kind} ${rule.id}:${shareID}`),
    ]);
    expect(bob.notifications().slice(1)).toEqual([
      { slug: "sharing_update_notification", docId: rule.id, shareID },
      { slug: "sharing_delete_notification", docId: rule.id, shareID },
    ]);
    expect([alice.refusals(), bob.refusals()]).toEqual([[], []]);
  });

  test("is revoked by the sharer: replication, access and recipient's copy go, the document stays", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { shareID, pending } = await shareWithBob(pair, true);
    await bob.owner.accept(pending);
    await alice.settled();
    expect(alice.replications()).toMatchObject([{ recipientUrl: bob.origin, state: "triggered" }]);
    expect(await alice.owner.revoke(shareID)).toEqual(done);
    expect(alice.replications()).toEqual([]);
    expect([alice.sharings(), bob.sharings(), bob.accesses()]).toEqual([[], [], []]);
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert", shareID });
    expect(alice.document(String(rule.id))).toMatchObject({ shareID });
  });

  test("is revoked for one of two", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    await using charlie = await stage.start("charlie");
    const targets = [bob, charlie].map(({ origin }) => ({ recipientUrl: origin }));
    const { body } = await alice.owner.share({ desc: "Tickets", rules: [rule], targets, continuous: true });
    for (const cozy of [bob, charlie]) await cozy.owner.accept(cozy.pending()[0]?.id ?? "");
    expect(await alice.owner.revokeTarget(String(body["shareID"]), bob.origin)).toEqual(done);
    alice.owner.change(String(rule.id), { description: "Concert, moved" });
    await alice.settled();
    expect(bob.sharings()).toEqual([]);
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert" });
    expect(charlie.document(String(rule.id))).toMatchObject({ description: "Concert, moved" });
    expect(alice.sharings()).toMatchObject([{ targets: [{ recipientUrl: charlie.origin }] }]);
  });
});

test("a request that is refused leaves nothing but the sharer's document", async () => {
  await using pair = await openPair(stage);
  const { alice, bob, rule } = pair;
  const { pending } = await shareWithBob(pair);
  expect(await bob.owner.refuse(pending)).toEqual(done);
  expect([bob.sharings(), bob.accesses()]).toEqual([[], []]);
  expect(bob.document(String(rule.id))).toBeNull();
  expect(alice.sharings()).toMatchObject([{ targets: [] }]);
  expect([alice.refusals(), bob.refusals()]).toEqual([[], []]);
});

describe("the servers' own failings", () => {
  test("a recipient that leaves is refused, because it never saved its token", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const { pending } = await shareWithBob(pair);
    await bob.owner.accept(pending);
    expect(await bob.owner.leave(pending)).toEqual({ status: 401, body: { error: "Request unauthorized" } });
    expect([bob.sharings(), bob.accesses()]).toEqual([[], []]);
    expect(alice.sharings()).toMatchObject([{ targets: [{ state: "accepted" }] }]);
  });

  test("a recipient that saves its token leaves", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    bob.setHabits({ savesToken: true });
    const { pending } = await shareWithBob(pair);
    await bob.owner.accept(pending);
    expect(await bob.owner.leave(pending)).toEqual(done);
    expect(alice.sharings()).toMatchObject([{ targets: [] }]);
    expect(alice.refusals()).toEqual([]);
  });

  test("revoking one who has not answered is refused by him, and the sharer's document is gone", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const { shareID } = await shareWithBob(pair);
    expect(await alice.owner.revoke(shareID)).toEqual({ status: 404, body: { error: "not_found: deleted" } });
    expect(alice.sharings()).toEqual([]);
    expect(bob.pending()).toHaveLength(1);
    expect(bob.refusals()).toEqual(["DELETE /services/sharing: 401 Request unauthorized"]);
  });

  test("an address without scheme is asked and replicated to, but never revoked", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const targets = [{ recipientUrl: bob.origin.replace("https://", "") }];
    const { body } = await alice.owner.share({ desc: "Tickets", rules: [rule], targets });
    await bob.owner.accept(bob.pending()[0]?.id ?? "");
    expect(bob.document(String(rule.id))).not.toBeNull();
    expect((await alice.owner.revoke(String(body["shareID"]))).status).toBe(404);
    expect(bob.accesses()).toHaveLength(1);
    expect(bob.refusals()).toEqual(["DELETE /services/sharing: 401 Request unauthorized"]);
  });

  test("the same request twice is two documents, and a revocation of it does nothing", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { shareID, pending } = await shareWithBob(pair);
    const { sharerUrl, recipientUrl, preToken, desc } = bob.pending()[0] ?? {};
    const url = `${bob.origin}/services/sharing/request`;
    const body = { shareID, sharerUrl, recipientUrl, preToken, desc, rules: [rule] };
    await stage.call({ method: "POST", url, credentials: null, body });
    await bob.owner.accept(pending);
    expect(await alice.owner.revoke(shareID)).toEqual(done);
    expect([bob.sharings().length, bob.accesses().length]).toEqual([2, 1]);
  });

  test("a sharing without description is refused by every recipient", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const answer = await alice.owner.share({ rules: [rule], targets: [{ recipientUrl: bob.origin }] });
    expect(answer).toEqual({ status: 400, body: { error: "Bad request" } });
    expect(alice.sharings()).toMatchObject([{ targets: [{ state: "asked", error: "Bad request" }] }]);
  });

  test("the first target that fails stops the rest, and nothing is undone", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    await using charlie = await stage.start("charlie");
    await bob.goDown();
    const targets = [bob, charlie].map(({ origin }) => ({ recipientUrl: origin }));
    const answer = await alice.owner.share({ desc: "Tickets", rules: [rule], targets });
    expect(answer).toMatchObject({ status: 500, body: { error: expect.stringContaining("ECONNREFUSED") } });
    expect(charlie.requests()).toEqual([]);
    expect(alice.sharings()).toMatchObject([
      { targets: [{ error: expect.stringContaining("ECONNREFUSED") }, { error: null }] },
    ]);
  });

  test("a shared document that is missing stops before any request, and the sharing stays", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const answer = await alice.owner.share({
      desc: "Tickets",
      rules: [{ id: "evt-9", docType: "event" }],
      targets: [{ recipientUrl: bob.origin }],
    });
    expect(answer).toEqual({ status: 404, body: { error: "not_found: missing" } });
    expect(bob.requests()).toEqual([]);
    expect(alice.sharings()).toHaveLength(1);
  });
});

test("the sharing object of the document works: numbers as ids, addresses without scheme, two rules", async () => {
  await using pair = await openPair(stage);
  const { alice, bob } = pair;
  alice.owner.keep({ _id: "1", docType: "Picture", name: "Holidays" });
  alice.owner.keep({ _id: "2", docType: "event", description: "Departure" });
  await alice.owner.share({
    desc: "Hey Bob this is my picture from my last holidays!",
    targets: [{ recipientUrl: bob.origin.replace("https://", "") }],
    rules: [
      { id: 1, docType: "picture" },
      { id: 2, docType: "event" },
    ],
    continuous: true,
  });
  expect(await bob.owner.accept(bob.pending()[0]?.id ?? "")).toEqual(done);
  await alice.settled();
  expect(bob.documents()).toMatchObject([{ name: "Holidays" }, { description: "Departure" }]);
  expect([alice.refusals(), bob.refusals()]).toEqual([[], []]);
});

describe("as the document has it", () => {
  test("the request has the documented names, and nothing else", async () => {
    await using pair = await openPair(stage, { wording: "document" });
    const { alice, bob, rule } = pair;
    const answer = await alice.owner.share({
      desc: "A description",
      rules: [rule],
      targets: [{ recipientUrl: bob.origin }],
    });
    // The servers never knew these names.
    expect(answer).toEqual({ status: 400, body: { error: "Bad request" } });
    expect(bob.refusals()).toEqual(["POST /services/sharing/request: 400 Bad request"]);
    expect(bob.bodies("request")).toEqual([
      {
        id: alice.sharings()[0]?.id,
        desc: "A description",
        rules: [rule],
        continuous: true,
        target: {
          recipientUrl: alice.origin.replace("https://", ""),
          preToken: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ]);
  });

  test("the preToken tells who answers, and goes for a token; the sharing is continuous of itself", async () => {
    await using pair = await openPair(stage, { wording: "document" });
    const { alice, bob, rule } = pair;
    await alice.owner.share({
      desc: "A description",
      rules: [rule],
      targets: [{ recipientUrl: bob.origin }],
    });
    const [shareID, preToken] = [alice.sharings()[0]?.id ?? "", alice.secrets().at(-1) ?? ""];
    const url = `${bob.origin}/services/sharing/request`;
    const known = { shareID, recipientUrl: `${bob.origin}/`, sharerUrl: alice.origin, preToken };
    await stage.call({
      method: "POST",
      url,
      credentials: null,
      body: { ...known, desc: "A", rules: [rule] },
    });
    expect(await bob.owner.accept(bob.pending()[0]?.id ?? "")).toEqual(done);
    await alice.settled();
    expect(alice.sharings()).toMatchObject([{ targets: [{ state: "accepted", isReplicated: true }] }]);
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert" });
    expect(secretOf(bob, shareID)).not.toBe(preToken);
  });
});
