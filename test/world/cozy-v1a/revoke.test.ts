import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCozyV1a } from "./cozy.ts";
import { accepted, idsIn, lastLink, openPair, type Pair, permissions, scope, sharingAt } from "./pair.ts";
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

/** Access tokens that a Cozy gave to the other side, newest last. */
function tokenAt(cozy: Pair["alice"]): string {
  return cozy.tokens().findLast(({ kind }) => kind === "access")?.token ?? "";
}

describe("S1a web/sharings: revoke sharing", () => {
  test("404 for an unknown sharing", async () => {
    expect((await pair.alice.owner.ask("DELETE", "/sharings/unknown", { scope })).status).toBe(404);
  });

  test("403 with {} for an app without the rules, with an error object for a bad token", async () => {
    const { alice } = pair;
    const { sharingId } = await accepted(pair, "master-slave");
    const other = await alice.owner.ask("DELETE", `/sharings/${sharingId}`, { scope: "io.cozy.other:ALL" });
    expect(other).toMatchObject({ status: 403, text: "{}" });
    const none = await alice.owner.ask("DELETE", `/sharings/${sharingId}`);
    expect(none.status).toBe(403);
    expect(JSON.parse(none.text)).toHaveProperty("message");
    expect(sharingAt(alice, sharingId).revoked).toBe(false);
    await alice.owner.revoke(sharingId);
  });

  test("403 for an OAuth token on the owner's side", async () => {
    const { alice } = pair;
    const { sharingId } = await accepted(pair, "master-master");
    const bearer = tokenAt(alice);
    const answer = await alice.owner.ask("DELETE", `/sharings/${sharingId}`, { bearer });
    expect(answer).toMatchObject({ status: 403, text: "{}" });
    await alice.owner.revoke(sharingId);
  });

  test("on the recipient: 403 for another client and another scope, 200 for the sharer, who is not called back", async () => {
    const { alice, bob } = pair;
    const { sharingId, contactId } = await accepted(pair, "master-master");
    const bearer = tokenAt(bob);
    const ask = async (token: string) =>
      bob.owner.ask("DELETE", `/sharings/${sharingId}?Recursive=false`, { bearer: token });
    await accepted(pair, "master-master");
    const ofOther = tokenAt(bob);
    expect(await ask(ofOther)).toMatchObject({ status: 403, text: "{}" });
    const other = { doc: { type: "io.cozy.tests", verbs: ["GET"], values: ["t1"] } };
    const created = await alice.owner.share({ type: "one-shot", permissions: other, contacts: [contactId] });
    expect(created.status).toBe(201);
    await bob.owner.accept(lastLink(alice));
    expect(await ask(tokenAt(bob))).toMatchObject({ status: 403, text: "{}" });
    const before = alice.requests().length;
    expect(await ask(bearer)).toMatchObject({ status: 200, text: "" });
    expect(alice.requests()).toHaveLength(before);
    expect(sharingAt(bob, sharingId)).toMatchObject({ revoked: true, triggers: [] });
  });

  test("pkg/sharings: as owner calls every recipient with Recursive=false; a dead one stops nothing", async () => {
    const { alice, bob } = pair;
    await using carol = await stage.start(startCozyV1a, "carol");
    const contacts = [carol, bob].map((cozy) =>
      alice.owner.addContact({ mail: `at@${cozy.hostname}`, cozy: cozy.origin }),
    );
    const created = await alice.owner.share({ type: "master-master", permissions, contacts });
    const { sharingId } = idsIn(created.text);
    const [toCarol, toBob] = alice.mails().slice(-2);
    await carol.owner.accept(lastLink({ mails: () => (toCarol === undefined ? [] : [toCarol]) }));
    await bob.owner.accept(lastLink({ mails: () => (toBob === undefined ? [] : [toBob]) }));
    await alice.settled();
    const clients = alice.clients().length;
    await carol.goDown();
    expect((await alice.owner.revoke(sharingId)).status).toBe(200);
    expect(alice.clients()).toHaveLength(clients - 2);
    expect(sharingAt(alice, sharingId)).toMatchObject({
      revoked: true,
      triggers: [],
      recipients: [{ status: "revoked" }, { status: "revoked" }],
    });
    expect(bob.requests().at(-1)).toMatchObject({
      method: "DELETE",
      path: `/sharings/${sharingId.slice(0, 6)}…?Recursive=false`,
    });
  });
});

describe("S1a web/sharings: revoke recipient", () => {
  test("by client id: 404, 403 (another recipient's token), 200; the last one ends the sharing", async () => {
    const { alice } = pair;
    const { sharingId } = await accepted(pair, "master-master");
    const own = tokenAt(alice);
    await accepted(pair, "master-master");
    const ofOther = tokenAt(alice);
    const [recipient] = sharingAt(alice, sharingId).recipients;
    const ask = async (id: string, clientId: string, bearer: string) =>
      alice.owner.ask("DELETE", `/sharings/${id}/${clientId}`, { bearer });
    const clientId = recipient?.clientId ?? "";
    expect((await ask("unknown", clientId, own)).status).toBe(404);
    expect((await ask(sharingId, "unknown", own)).status).toBe(404);
    expect(await ask(sharingId, clientId, ofOther)).toMatchObject({ status: 403, text: "{}" });
    expect(await ask(sharingId, clientId, own)).toMatchObject({ status: 200, text: "" });
    expect(sharingAt(alice, sharingId)).toMatchObject({
      revoked: true,
      recipients: [{ status: "revoked", clientId: null, hasToken: false }],
    });
  });

  test("by contact id: 404, 403, 200, and only the sharer can", async () => {
    const { alice, bob } = pair;
    const { sharingId, contactId } = await accepted(pair, "master-slave");
    const ask = async (cozy: typeof alice, id: string, contact: string, held = scope) =>
      cozy.owner.ask("DELETE", `/sharings/${id}/recipient/${contact}`, { scope: held });
    expect((await ask(alice, "unknown", contactId)).status).toBe(404);
    expect((await ask(alice, sharingId, "unknown")).status).toBe(404);
    expect(await ask(alice, sharingId, contactId, "io.cozy.other:ALL")).toMatchObject({
      status: 403,
      text: "{}",
    });
    const notOwner = await ask(bob, sharingId, contactId);
    expect(notOwner.status).toBe(500);
    expect(notOwner.text).toContain("Only the sharer can revoke a recipient");
    expect(await ask(alice, sharingId, contactId)).toMatchObject({ status: 200, text: "" });
    expect(sharingAt(bob, sharingId).revoked).toBe(true);
  });
});
