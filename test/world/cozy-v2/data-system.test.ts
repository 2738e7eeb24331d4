import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CozyV2 } from "./cozy.ts";
import { openPair, openStage, secretOf, shareWithBob, type Stage } from "./stage.ts";
import type { Fields } from "./wire.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function called(cozy: CozyV2, method: string, path: string, body: Fields = {}) {
  const password = cozy.addApp("calendar", ["sharing"]);
  return cozy.dataSystem({ method, path, credentials: { login: "calendar", password }, body });
}

function failure(status: number, error: string) {
  return { status, body: { error } };
}

const success = { status: 200, body: { success: true } };

describe("an app", () => {
  test.each<[string, Fields, number, string]>([
    ["without credentials", { credentials: null }, 401, "Application is not authenticated"],
    [
      "with another token",
      { credentials: { login: "notes", password: "x" } },
      401,
      "Application is not authenticated",
    ],
    ["without the permission", {}, 403, "Application is not authorized"],
  ])("%s is refused", async (_, change, status, error) => {
    await using alice = await stage.start("alice");
    const password = alice.addApp("notes", ["event"]);
    const credentials = { login: "notes", password };
    const call = { method: "POST", path: "services/sharing/", credentials, ...change };
    expect(await alice.dataSystem(call)).toEqual(failure(status, error));
  });

  test("passes every check outside production", async () => {
    await using alice = await stage.start("alice");
    alice.setHabits({ production: false });
    const call = { method: "POST", path: "services/sharing/", credentials: null };
    expect(await alice.dataSystem(call)).toEqual(failure(400, "Body is incomplete"));
  });

  test("that posts on the routes of DELETE, as cozy-db does, finds none", async () => {
    await using alice = await stage.start("alice");
    for (const path of ["sharer/a1b2c3/", "sharer/a1b2c3/bob/", "target/a1b2c3/"]) {
      expect((await called(alice, "POST", `services/sharing/${path}`)).status).toBe(404);
    }
  });
});

describe("create", () => {
  const targets = [{ recipientUrl: "https://bob.cozy.example" }];
  const rules = [{ id: "evt-1", docType: "event" }];
  test.each<[string, Fields, string]>([
    ["DS create: empty body", {}, "Body is incomplete"],
    ["DS create: targets []", { rules, targets: [] }, "Body is incomplete"],
    [
      "DS create: a target with empty url",
      { rules, targets: [...targets, { recipientUrl: "" }] },
      "No url specified",
    ],
    ["DS create: rules []", { rules: [], targets }, "Body is incomplete"],
    [
      "DS create: rule with empty id",
      { rules: [{ id: "", docType: "event" }], targets },
      "Incorrect rule detected",
    ],
    ["DS create: rule without docType", { rules: [{ id: "evt-1" }], targets }, "Incorrect rule detected"],
  ])("%s", async (_, body, error) => {
    await using alice = await stage.start("alice");
    expect(await called(alice, "POST", "services/sharing/", body)).toEqual(failure(400, error));
    expect(alice.sharings()).toEqual([]);
  });

  test("DS create: success sets shareID, docType and a preToken per target", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    await using charlie = await stage.start("charlie");
    const recipients = [bob, charlie].map(({ origin }) => ({ recipientUrl: origin }));
    const body = { desc: "Tickets", rules: [rule], targets: recipients };
    const answer = await called(alice, "POST", "services/sharing/", body);
    const shareID = alice.sharings()[0]?.id;
    expect(answer).toEqual({ status: 200, body: { success: true, shareID } });
    expect(alice.document(shareID ?? "")).toMatchObject({ docType: "sharing" });
    const preTokens = [bob, charlie].map((cozy) => secretOf(cozy, shareID ?? ""));
    for (const preToken of preTokens) expect(preToken).toMatch(/^[0-9a-f]{64}$/);
    expect(preTokens[0]).not.toBe(preTokens[1]);
  });

  test("DS sendSharingRequests: one call per target, with these fields at this path", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { shareID } = await shareWithBob(pair);
    expect(bob.requests()).toMatchObject([{ method: "POST", path: "/services/sharing/request" }]);
    expect(bob.bodies("request")).toEqual([
      {
        recipientUrl: bob.origin,
        preToken: secretOf(bob, shareID),
        shareID,
        rules: [rule],
        desc: "Concert tickets",
        sharerUrl: `${alice.origin}/`,
        sharerName: "Alice",
      },
    ]);
  });

  test("a sharer without name is named by its domain", async () => {
    await using pair = await openPair(stage, { publicName: "" });
    await shareWithBob(pair);
    expect(pair.bob.pending()).toMatchObject([{ sharerName: `${pair.alice.origin.slice(8)}/` }]);
  });

  test("DS sendSharingRequests: error propagated", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    bob.misbehave({ kind: "status", status: 503, retryAfter: null }, "request", 1);
    const body = { desc: "Tickets", rules: [rule], targets: [{ recipientUrl: bob.origin }] };
    expect(await called(alice, "POST", "services/sharing/", body)).toEqual(
      failure(503, "The request has failed"),
    );
  });
});

describe("revoking as sharer", () => {
  test("DS deleteFromSharer: unknown id gives 404", async () => {
    await using alice = await stage.start("alice");
    const answer = await called(alice, "DELETE", "services/sharing/sharer/a1b2c3/");
    expect(answer).toEqual(failure(404, "not_found: missing"));
  });

  test("DS deleteFromSharer: a document that cannot be removed stays, and nobody is told", async () => {
    await using pair = await openPair(stage);
    const { shareID } = await shareWithBob(pair);
    pair.alice.breakDatabase("remove");
    expect((await pair.alice.owner.revoke(shareID)).status).toBe(500);
    expect(pair.alice.sharings()).toHaveLength(1);
    expect(pair.bob.requests()).toHaveLength(1);
  });

  test("a target that is not one is not found", async () => {
    await using pair = await openPair(stage);
    const { shareID } = await shareWithBob(pair);
    const answer = await pair.alice.owner.revokeTarget(shareID, "https://dave.cozy.example");
    expect(answer).toEqual(failure(404, "Target not found"));
  });

  test("DS stopReplications: only targets with a repID are cancelled", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const kept = await shareWithBob(pair, true);
    await bob.owner.accept(kept.pending);
    const { shareID, pending } = await shareWithBob(pair, false);
    await bob.owner.accept(pending);
    expect(await alice.owner.revoke(shareID)).toEqual(success);
    alice.owner.change(String(rule.id), { description: "Concert, moved" });
    await alice.settled();
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert, moved" });
  });

  test("DS sendRevocationToTargets: error propagated, though the recipient alone failed", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    await pair.bob.goDown();
    expect((await pair.alice.owner.revoke(shareID)).status).toBe(404);
    await pair.bob.comeUp();
    const { shareID: second } = await shareWithBob(pair);
    await pair.bob.goDown();
    const answer = await pair.alice.owner.revokeTarget(second, pair.bob.origin);
    expect(answer).toMatchObject({ status: 500, body: { error: expect.stringContaining("ECONNREFUSED") } });
  });
});

describe("handleRecipientAnswer", () => {
  test.each<[string, Fields]>([
    ["DS handleRecipientAnswer: empty body", {}],
    ["DS handleRecipientAnswer: missing id", { accepted: true }],
    ['DS handleRecipientAnswer: accepted ""', { id: "a1b2c3", accepted: "" }],
  ])("%s", async (_, body) => {
    await using bob = await stage.start("bob");
    const answer = await called(bob, "POST", "services/sharing/sendAnswer", body);
    expect(answer).toEqual(failure(400, "Bad request: body is incomplete"));
  });

  test("an unknown id is not found", async () => {
    await using bob = await stage.start("bob");
    expect(await bob.owner.accept("a1b2c3")).toEqual(failure(404, "not_found: missing"));
  });

  test("DS handleRecipientAnswer: addAccess failure", async () => {
    await using pair = await openPair(stage);
    const { pending } = await shareWithBob(pair);
    pair.bob.breakDatabase("save");
    expect((await pair.bob.owner.accept(pending)).status).toBe(500);
    expect(pair.bob.pending()).toHaveLength(1);
    expect(pair.alice.bodies("answer")).toEqual([]);
  });

  test("DS handleRecipientAnswer: refusal reports a failing delete", async () => {
    await using pair = await openPair(stage);
    const { pending } = await shareWithBob(pair);
    pair.bob.breakDatabase("remove");
    expect((await pair.bob.owner.refuse(pending)).status).toBe(500);
    expect(pair.alice.bodies("answer")).toEqual([]);
  });

  test("DS handleRecipientAnswer: refusal passes the document on, without a token", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const { pending } = await shareWithBob(pair);
    await bob.owner.refuse(pending);
    expect(alice.bodies("answer")).toEqual([
      { sharerUrl: `${alice.origin}/`, recipientUrl: bob.origin, accepted: false },
    ]);
  });

  test("DS handleRecipientAnswer: acceptance passes it on with a token; DS sendAnswer: called exactly once", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const { shareID, pending } = await shareWithBob(pair);
    expect(await bob.owner.accept(pending)).toEqual(success);
    expect(alice.bodies("answer")).toEqual([
      {
        sharerUrl: `${alice.origin}/`,
        recipientUrl: bob.origin,
        accepted: true,
        token: secretOf(bob, shareID),
      },
    ]);
  });

  test("DS sendAnswer: notifySharer failure; what was refused is gone all the same", async () => {
    await using pair = await openPair(stage);
    const { pending } = await shareWithBob(pair);
    pair.alice.misbehave({ kind: "status", status: 502, retryAfter: null }, "answer", 1);
    expect(await pair.bob.owner.refuse(pending)).toEqual(failure(502, "The request has failed"));
    expect(pair.bob.sharings()).toEqual([]);
    expect(pair.alice.sharings()).toMatchObject([{ targets: [{ state: "asked" }] }]);
  });
});

/** Bob's refusal, changed, as the sharer's proxy passes it on. */
async function asked(change: (right: Fields) => Fields) {
  const pair = await openPair(stage);
  const { shareID } = await shareWithBob(pair);
  const preToken = secretOf(pair.bob, shareID);
  const right = { shareID, recipientUrl: pair.bob.origin, accepted: false, preToken };
  return { ...pair, answer: await called(pair.alice, "POST", "services/sharing/answer", change(right)) };
}

describe("validateTarget", () => {
  test.each<[string, (right: Fields) => Fields]>([
    ["DS validateTarget: body {}", () => ({})],
    ["DS validateTarget: shareID null", (right) => ({ ...right, shareID: null })],
    ["DS validateTarget: recipientUrl missing", (right) => ({ ...right, recipientUrl: undefined })],
    ['DS validateTarget: accepted ""', (right) => ({ ...right, accepted: "" })],
    ["DS validateTarget: preToken null", (right) => ({ ...right, preToken: null })],
  ])("%s", async (_, change) => {
    await using asking = await asked(change);
    expect(asking.answer).toEqual(failure(400, "Bad request: body is incomplete"));
  });

  test("an unknown sharing is not found", async () => {
    await using asking = await asked((right) => ({ ...right, shareID: "a1b2c3" }));
    expect(asking.answer).toEqual(failure(404, "not_found: missing"));
  });

  test("DS validateTarget: 404 text with the URL", async () => {
    await using asking = await asked((right) => ({
      ...right,
      recipientUrl: "https://dave.cozy.example",
    }));
    expect(asking.answer).toEqual(failure(404, "https://dave.cozy.example not found for this sharing"));
  });

  test("DS validateTarget: 401 wrong preToken", async () => {
    await using asking = await asked((right) => ({ ...right, preToken: "f".repeat(64) }));
    expect(asking.answer).toEqual(failure(401, "Unauthorized"));
  });

  test("DS validateTarget: 403 for a second answer", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    const preToken = secretOf(pair.bob, shareID);
    await pair.bob.owner.accept(pending);
    const body = { shareID, recipientUrl: pair.bob.origin, accepted: true, preToken, token: "t" };
    const answer = await called(pair.alice, "POST", "services/sharing/answer", body);
    expect(answer).toEqual(failure(403, "The answer for this sharing has already been given"));
  });

  test("DS validateTarget: merge error", async () => {
    await using pair = await openPair(stage);
    const { shareID } = await shareWithBob(pair);
    pair.alice.breakDatabase("merge");
    const preToken = secretOf(pair.bob, shareID);
    const body = { shareID, recipientUrl: pair.bob.origin, accepted: false, preToken };
    expect((await called(pair.alice, "POST", "services/sharing/answer", body)).status).toBe(500);
    expect(pair.alice.sharings()).toMatchObject([{ targets: [{ state: "asked" }] }]);
  });

  test("DS validateTarget: accepted removes preToken and sets token", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    const token = secretOf(pair.bob, shareID);
    expect(pair.alice.document(shareID)?.["targets"]).toEqual([{ recipientUrl: pair.bob.origin, token }]);
  });

  test("DS validateTarget: refused removes the target; DS replicate: no token, no replication, 200", async () => {
    await using asking = await asked((right) => right);
    expect(asking.answer).toEqual(success);
    expect(asking.alice.sharings()).toMatchObject([{ targets: [] }]);
    expect(asking.bob.requests().filter(({ place }) => place === "replication")).toEqual([]);
  });
});

describe("replicate", () => {
  test.each([true, false])(
    "DS replicate: replicateDocs error is kept in the target (continuous %s)",
    async (continuous) => {
      await using pair = await openPair(stage);
      const { alice, bob } = pair;
      const { pending } = await shareWithBob(pair, continuous);
      bob.misbehave({ kind: "status", status: 500, retryAfter: null }, "replication");
      // The proxy hides what became of the answer.
      expect(await bob.owner.accept(pending)).toEqual(success);
      expect(alice.sharings()).toMatchObject([
        { targets: [{ state: "accepted", isReplicated: false, error: "Replication failed" }] },
      ]);
      expect(alice.refusals()).toEqual([
        "replication: HEAD of the target was answered with 500",
        "POST /services/sharing/answer: 500 Replication failed, told as 200",
      ]);
    },
  );

  test("DS replicate: continuous without repID", async () => {
    await using pair = await openPair(stage);
    const { alice, bob } = pair;
    const { pending } = await shareWithBob(pair, true);
    alice.breakDatabase("repID");
    expect(await bob.owner.accept(pending)).toEqual(success);
    expect(alice.sharings()).toMatchObject([{ targets: [{ error: "Replication error" }] }]);
    expect(alice.refusals()).toEqual(["POST /services/sharing/answer: 500 Replication error, told as 200"]);
  });

  test("DS replicate: repID written only to the answering target", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    await using charlie = await stage.start("charlie");
    const targets = [bob, charlie].map(({ origin }) => ({ recipientUrl: origin }));
    await alice.owner.share({ desc: "Tickets", rules: [rule], targets, continuous: true });
    await charlie.owner.accept(charlie.pending()[0]?.id ?? "");
    expect(alice.sharings()).toMatchObject([
      { targets: [{ isReplicated: false }, { recipientUrl: charlie.origin, isReplicated: true }] },
    ]);
  });
});
