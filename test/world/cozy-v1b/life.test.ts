import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../cozy-v1a/stack/stage.ts";
import { startCozyV1b } from "./cozy.ts";
import {
  accepted,
  doctype,
  idIn,
  lastLink,
  openPair,
  type Pair,
  permissions,
  shareWithBob,
  sharingAt,
} from "./pair.ts";

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

describe.each(["one-shot", "one-way", "two-way"] as const)("a %s sharing", (type) => {
  let ownStage: Stage;
  let own: Pair;
  beforeAll(async () => {
    ownStage = await openStage();
    own = await openPair(ownStage);
  });
  afterAll(async () => {
    await own[Symbol.asyncDispose]();
    await ownStage[Symbol.asyncDispose]();
  });

  test("is created, mailed, accepted, followed and revoked by the sharer", async () => {
    const { alice, bob } = own;
    const { id, link } = await shareWithBob(own, type);
    expect(bob.requests()).toEqual([]);
    expect(sharingAt(alice, id).recipients).toMatchObject([{ status: "mail-not-sent", hasToken: false }]);
    const end = await bob.owner.accept(link);
    expect(end).toMatchObject({ status: 200, url: `${bob.origin}/` });
    await alice.settled();
    expect(bob.document(doctype, "t1")).toEqual({ text: "first" });
    expect(sharingAt(alice, id).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
    const isBothWays = type === "two-way";
    expect(sharingAt(bob, id)).toMatchObject({
      owner: false,
      type,
      sharer: { url: alice.origin, hasToken: isBothWays },
    });
    expect(alice.clients()).toHaveLength(isBothWays ? 1 : 0);

    await alice.owner.write(doctype, "t1", { text: "second" });
    expect(bob.document(doctype, "t1")).toEqual({ text: type === "one-shot" ? "first" : "second" });
    await bob.owner.write(doctype, "t1", { text: "of Bob" });
    expect(alice.document(doctype, "t1")).toEqual({ text: isBothWays ? "of Bob" : "second" });

    expect(await alice.owner.revoke(id)).toMatchObject({ status: 200, text: "" });
    // States are set in copies and lost.
    expect(sharingAt(alice, id)).toMatchObject({ revoked: true, recipients: [{ status: "accepted" }] });
    expect(sharingAt(bob, id)).toMatchObject({ revoked: true, triggers: [] });
    expect([...alice.clients(), ...bob.clients()]).toEqual([]);
    expect([...alice.failures(), ...bob.failures()]).toEqual([]);
    expect([...alice.refusals(), ...bob.refusals()]).toEqual([]);
    expect(await alice.owner.open(link)).toMatchObject({ status: 400 });
  });

  test("is left by the recipient; the sharer learns it where there are credentials for that", async () => {
    const { alice, bob } = own;
    const { id } = await accepted(own, type);
    const before = alice.clients().length;
    expect(await bob.owner.leave(id)).toMatchObject({ status: 200, text: "" });
    expect(sharingAt(bob, id).revoked).toBe(true);
    const isTold = type === "two-way";
    expect(sharingAt(alice, id)).toMatchObject({
      revoked: isTold,
      recipients: [{ status: isTold ? "revoked" : "accepted" }],
    });
    expect(alice.clients()).toHaveLength(isTold ? before - 1 : before);
  });
});

test("one recipient is revoked and the other stays; the code of the revoked one is worth nothing", async () => {
  const { alice, bob } = pair;
  await using carol = await stage.start(startCozyV1b, "carol");
  const { id, contactId, link } = await shareWithBob(pair, "one-way");
  await bob.owner.accept(link);
  const other = alice.owner.addContact({ mail: "carol@mail.example" });
  expect((await alice.owner.addRecipient(id, other)).status).toBe(200);
  await carol.owner.accept(lastLink(alice));
  await alice.owner.revokeRecipient(id, contactId);
  expect(sharingAt(alice, id)).toMatchObject({
    revoked: false,
    recipients: [{ status: "revoked" }, { status: "accepted" }],
  });
  expect(sharingAt(bob, id).revoked).toBe(true);
  await alice.owner.write(doctype, "t1", { text: "for Carol" });
  expect(carol.document(doctype, "t1")).toEqual({ text: "for Carol" });
  expect(bob.document(doctype, "t1")).not.toEqual({ text: "for Carol" });
  expect(await bob.owner.open(link)).toMatchObject({ status: 400 });
});

test("the sharer becomes a contact, or the contact that has its address learns where its Cozy is", async () => {
  const { alice, bob } = pair;
  await using carol = await stage.start(startCozyV1b, "carol");
  const known = carol.owner.addContact({ name: "Alice", mail: "alice@mail.example" });
  const contact = alice.owner.addContact({ mail: "carol@mail.example" });
  await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
  await carol.owner.accept(lastLink(alice));
  expect(carol.document("io.cozy.contacts", known)).toMatchObject({ cozy: [{ url: alice.origin }] });
  await accepted(pair, "one-shot");
  await accepted(pair, "one-shot");
  const ofAlice = bob.documents("io.cozy.contacts").filter(({ value }) => value["fullname"] === "Alice");
  expect(ofAlice.map(({ value }) => value["cozy"])).toEqual([[{ url: alice.origin }]]);
});

test("a second acceptance is refused: 400 page, its client is gone, and the first still works", async () => {
  const { alice, bob } = pair;
  const { id, link } = await accepted(pair, "one-way");
  const clients = bob.clients().length;
  bob.logOut();
  expect(await bob.owner.accept(link)).toMatchObject({ status: 400 });
  expect(bob.clients()).toHaveLength(clients);
  expect(alice.refusals().at(-1)).toContain("500 The sharing has already been accepted");
  bob.expireAccessTokens();
  await alice.owner.write(doctype, "t1", { text: "still" });
  expect(bob.document(doctype, "t1")).toEqual({ text: "still" });
  await alice.owner.revoke(id);
});

describe("a sharer who fails while the recipient accepts", () => {
  test.each([
    ["500", { kind: "status", status: 500, retryAfter: null }],
    ["HTML for JSON", { kind: "nonsense" }],
    ["a truncated answer", { kind: "cut", afterBytes: 10 }],
    ["an answer lost after the effect", { kind: "lost-answer" }],
  ] as const)("%s: 400 page, nothing is kept, the client is gone", async (_, fault) => {
    const { alice, bob } = pair;
    const { id, link } = await shareWithBob(pair, "one-way");
    const clients = bob.clients().length;
    alice.misbehave(fault, "answer", 1);
    expect(await bob.owner.accept(link)).toMatchObject({ status: 400 });
    expect(bob.clients()).toHaveLength(clients);
    expect(bob.sharings().some((each) => each.id === id)).toBe(false);
    await alice.settled();
  });
});

test("a preview link is one of the app", async () => {
  const { alice } = pair;
  const contact = alice.owner.addContact({ mail: "bob@mail.example" });
  const created = await alice.owner.share({
    type: "one-way",
    permissions,
    contacts: [contact],
    appSlug: "photos",
    previewPath: "/preview",
  });
  const link = new URL(lastLink(alice));
  expect(link.host).toBe(`photos.${new URL(alice.origin).host}`);
  expect(link.pathname).toBe("/preview");
  expect(link.searchParams.get("sharecode")).toBe(alice.sharecode(idIn(created.text), contact));
});
