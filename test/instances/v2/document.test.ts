import { afterAll, beforeAll, expect, test } from "vitest";
import { hashOf, openMember } from "../../../src/store/cozy-sharings.ts";
import { openV2World, type UsherV2, type V2World } from "./world.ts";

/*
 * The sequence of the Cozy-sharing (v2) document, "The Protocol", step by step: Alice shares a picture and an event with Bob and
 * Carol, Bob accepts, Carol refuses. After each step both sides' stored documents are looked at: who has which token, and who has
 * none any more.
 */
let world: V2World;
let alice: UsherV2;
let bob: UsherV2;
let carol: UsherV2;
let shareID = "";
const preTokens: string[] = [];

beforeAll(async () => {
  world = await openV2World();
  alice = await world.usher("alice");
  bob = await world.usher("bob");
  carol = await world.usher("carol");
});
afterAll(async () => world[Symbol.asyncDispose]());

type Column = "secret_sealed" | "token_sealed";

/** What a side has of one column, readable, for each of the other side. */
async function held(
  who: UsherV2,
  side: "owned" | "received",
  column: Column,
): Promise<readonly (string | null)[]> {
  const members = (await who[side]())?.members ?? [];
  return members.map((member) => openMember(who.usher.site.sealer, member, column));
}

test("the complete sharing document: an id, the rules, the targets, each with a preToken of its own", async () => {
  const rules = [
    await alice.keep("1", { description: "A picture" }),
    await alice.keep("2", { description: "An event" }),
  ];
  const targets = [{ recipientUrl: bob.origin.slice("https://".length) }, { recipientUrl: carol.origin }];
  shareID = await alice.share({ desc: "A description of the documents", targets, rules });
  const owned = await alice.owned();
  expect(owned?.sharing).toMatchObject({ document_id: shareID, sharing_type: "continuous", is_active: 0 });
  expect(JSON.parse(owned?.sharing.rules_json ?? "")).toEqual(rules);
  const made = await held(alice, "owned", "secret_sealed");
  expect(made).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(new Set(made).size).toBe(2);
  expect(await held(alice, "owned", "token_sealed")).toEqual([null, null]);
  preTokens.push(...made.map(String));
});

test("the request: each recipient keeps what it was sent under an id of its own, and gives no access yet", async () => {
  await alice.work();
  for (const [place, recipient] of [bob, carol].entries()) {
    const received = await recipient.received();
    expect(received?.sharing).toMatchObject({ description: "A description of the documents", is_active: 0 });
    expect(received?.sharing.document_id).not.toBe(shareID);
    expect(await held(recipient, "received", "secret_sealed")).toEqual([preTokens[place]]);
    expect(await held(recipient, "received", "token_sealed")).toEqual([null]);
    expect(received?.tokens).toBe(0);
  }
});

test("the red one: who rejects deletes its document, and the target goes", async () => {
  await carol.answer(false);
  await carol.work();
  expect(await carol.received()).toBeNull();
  expect((await held(alice, "owned", "secret_sealed"))[1]).toBeNull();
  expect((await alice.owned())?.members[1]?.status).toBe("refused");
});

test("the blue one: the recipient makes an Access with a token, the answer brings it, and the preToken is deleted", async () => {
  await bob.answer(true);
  await bob.work();
  const [token] = await held(bob, "received", "token_sealed");
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  const access = await bob.usher.site.store.db.selectFrom("cozy_token").selectAll().execute();
  expect(access).toHaveLength(1);
  expect(access[0]).toMatchObject({ kind: "v2", secret_hash: hashOf(token ?? "") });
  expect(JSON.parse(access[0]?.scope ?? "")).toEqual(
    JSON.parse((await alice.owned())?.sharing.rules_json ?? ""),
  );
  expect(await held(bob, "received", "secret_sealed")).toEqual([null]);
  expect(await held(alice, "owned", "secret_sealed")).toEqual([null, null]);
  expect(await held(alice, "owned", "token_sealed")).toEqual([token, null]);
  const columns = (await alice.owned())?.members.map(({ secret_hash: hash }) => hash);
  expect(columns).toEqual([null, null]);
});

test("the preToken authenticates nobody any more", async () => {
  const answered = await world.call({
    method: "POST",
    url: `${alice.origin}/services/sharing/answer`,
    credentials: { login: shareID, password: preTokens[0] ?? "" },
    body: { recipientUrl: bob.origin, accepted: true, token: "f".repeat(64) },
  });
  expect(answered).toMatchObject({ status: 401, body: { error: "Request unauthorized" } });
});

test("the replication: the documents arrive, and the sharer keeps its id", async () => {
  expect((await alice.owned())?.members[0]?.replication_id).toBeNull();
  await alice.work();
  expect(await bob.document("1")).toMatchObject({ description: "A picture" });
  expect(await bob.document("2")).toMatchObject({ description: "An event" });
  expect((await alice.owned())?.members.map(({ replication_id: id }) => id)).toEqual([
    expect.stringMatching(/^[0-9a-f]{32}$/),
    null,
  ]);
  await alice.keep("2", { description: "Another time" });
  await alice.work();
  expect(await bob.document("2")).toMatchObject({ description: "Another time" });
  expect(await carol.document("2")).toBeNull();
});

test("the end: the token goes on both sides", async () => {
  await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`);
  await alice.work();
  expect(await held(alice, "owned", "token_sealed")).toEqual([null, null]);
  expect(await held(bob, "received", "token_sealed")).toEqual([null]);
  expect((await bob.received())?.tokens).toBe(0);
});
