import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accepted,
  doctype,
  idsIn,
  lastLink,
  openPair,
  type Pair,
  permissions,
  shareWithBob,
  sharingAt,
} from "./pair.ts";
import { startCozyV1a } from "./cozy.ts";
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

describe.each(["one-shot", "master-slave", "master-master"] as const)("a %s sharing", (type) => {
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
    const { sharingId, link } = await shareWithBob(own, type);
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "pending", hasToken: false }]);
    const end = await bob.owner.accept(link);
    expect(end).toMatchObject({ status: 200, url: `${bob.origin}/` });
    expect(end.trail.map(({ status }) => status)).toEqual([302, 302, 200]);
    await alice.settled();
    expect(bob.document(doctype, "t1")).toEqual({ text: "first" });
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
    const isBothWays = type === "master-master";
    expect(sharingAt(bob, sharingId)).toMatchObject({
      owner: false,
      type,
      sharer: { url: alice.origin, hasToken: isBothWays },
    });
    expect(alice.clients()).toHaveLength(isBothWays ? 1 : 0);

    await alice.owner.write(doctype, "t1", { text: "second" });
    expect(bob.document(doctype, "t1")).toEqual({ text: type === "one-shot" ? "first" : "second" });
    await bob.owner.write(doctype, "t1", { text: "of Bob" });
    expect(alice.document(doctype, "t1")).toEqual({ text: isBothWays ? "of Bob" : "second" });

    expect(await alice.owner.revoke(sharingId)).toMatchObject({ status: 200, text: "" });
    expect(sharingAt(alice, sharingId)).toMatchObject({
      revoked: true,
      triggers: [],
      recipients: [{ status: "revoked", clientId: null, hasToken: false }],
    });
    expect(sharingAt(bob, sharingId)).toMatchObject({ revoked: true, triggers: [] });
    expect([...alice.clients(), ...bob.clients()]).toEqual([]);
    expect([...alice.failures(), ...bob.failures()]).toEqual([]);
    expect([...alice.refusals(), ...bob.refusals()]).toEqual([]);
  });

  test("is left by the recipient, and the sharer does not learn it", async () => {
    const { alice, bob } = own;
    await alice.owner.write(doctype, "t1", { text: "again" });
    const { sharingId } = await accepted(own, type);
    const before = alice.refusals().length;
    expect(await bob.owner.leave(sharingId)).toMatchObject({ status: 200, text: "" });
    expect(sharingAt(bob, sharingId).revoked).toBe(true);
    expect(bob.clients()).toEqual([]);
    expect(sharingAt(alice, sharingId)).toMatchObject({
      revoked: false,
      recipients: [{ status: "accepted" }],
    });
    // Only master-master has credentials, and the request goes to the route for contacts.
    const said = alice.refusals().slice(before);
    expect(said).toEqual(type === "master-master" ? [expect.stringContaining("404 Recipient")] : []);
  });

  test("is refused", async () => {
    const { alice, bob } = own;
    const { sharingId, link } = await shareWithBob(own, type);
    const end = await bob.owner.refuse(link);
    expect(end).toMatchObject({ status: 200, url: `${bob.origin}/` });
    expect(end.trail[1]?.url).toBe(
      `${alice.origin}/sharings/answer?client_id=${sharingAt(alice, sharingId).recipients[0]?.clientId ?? ""}&state=${sharingId}#`,
    );
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "refused", hasToken: false }]);
    expect(bob.sharings().some((each) => each.sharingId === sharingId)).toBe(false);
  });
});

test("a recipient who is revoked first leaves the sharing to the other; the last one ends it", async () => {
  const { alice, bob } = pair;
  await using carol = await stage.start(startCozyV1a, "carol");
  const contacts = [bob, carol].map(({ origin, hostname }) =>
    alice.owner.addContact({ mail: `owner@${hostname}`, cozy: origin }),
  );
  const created = await alice.owner.share({ type: "master-slave", permissions, contacts });
  const { sharingId } = idsIn(created.text);
  const [toBob, toCarol] = alice.mails().slice(-2);
  expect([toBob?.to, toCarol?.to]).toEqual(["owner@bob.cozy.example", "owner@carol.cozy.example"]);
  await carol.owner.accept(lastLink(alice));
  await alice.settled();
  await alice.owner.revokeRecipient(sharingId, contacts[1] ?? "");
  expect(sharingAt(alice, sharingId)).toMatchObject({
    revoked: false,
    recipients: [{ status: "pending" }, { status: "revoked", clientId: null, hasToken: false }],
  });
  expect(sharingAt(carol, sharingId).revoked).toBe(true);
  await alice.owner.revokeRecipient(sharingId, contacts[0] ?? "");
  expect(sharingAt(alice, sharingId)).toMatchObject({ revoked: true, triggers: [] });
});

test("a recipient whose Cozy is unknown tells its address and then accepts", async () => {
  const { alice, bob } = pair;
  const contact = alice.owner.addContact({ mail: "bob@mail.example" });
  const created = await alice.owner.share({ type: "master-master", permissions, contacts: [contact] });
  const { sharingId } = idsIn(created.text);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "pending", clientId: null }]);
  const link = lastLink(alice);
  expect(link).toBe(
    `${alice.origin}/sharings/discovery?recipient_email=bob%40mail.example&recipient_id=${contact}&sharing_id=${sharingId}`,
  );
  await bob.owner.accept(link);
  await alice.settled();
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
  expect(alice.document("io.cozy.contacts", contact)).toMatchObject({ cozy: [{ url: bob.origin }] });
  await bob.owner.leave(sharingId);
  await alice.owner.revoke(sharingId);
});

test("an expired token is refreshed, and the refresh token stays", async () => {
  const { alice, bob } = pair;
  const { sharingId } = await accepted(pair, "master-slave");
  const ofAlice = () => bob.tokens().filter(({ scope }) => scope.startsWith(doctype));
  const refreshTokens = ofAlice().filter(({ kind }) => kind === "refresh").length;
  bob.expireAccessTokens();
  await alice.owner.write(doctype, "t1", { text: "after a week" });
  expect(bob.document(doctype, "t1")).toEqual({ text: "after a week" });
  expect(ofAlice().filter(({ kind }) => kind === "refresh")).toHaveLength(refreshTokens);
  await alice.owner.revoke(sharingId);
});

test("documents that come to reference the album are shared as well, others are not", async () => {
  const { alice, bob } = pair;
  const album = "io.cozy.photos.albums";
  const photo = "io.cozy.photos";
  await alice.owner.write(album, "a1", { name: "Sea" });
  const contact = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
  const created = await alice.owner.share({
    type: "master-slave",
    permissions: {
      album: { type: album, verbs: ["ALL"], values: ["a1"] },
      photos: { type: photo, verbs: ["ALL"], values: [`${album}/a1`], selector: "referenced_by" },
    },
    contacts: [contact],
  });
  const link = lastLink(alice);
  expect(new URL(link).searchParams.get("scope")).toBe(
    `${album}:ALL:a1 ${photo}:ALL:${album}/a1:referenced_by`,
  );
  await bob.owner.accept(link);
  await alice.owner.write(photo, "p1", { name: "Pier", referenced_by: [{ type: album, id: "a1" }] });
  await alice.owner.write(photo, "p2", { name: "Else", referenced_by: [{ type: album, id: "a2" }] });
  expect(bob.document(album, "a1")).toEqual({ name: "Sea" });
  expect(bob.document(photo, "p1")).toMatchObject({ name: "Pier" });
  expect(bob.document(photo, "p2")).toBeNull();
  await alice.owner.remove(photo, "p1");
  expect(bob.document(photo, "p1")).toBeNull();
  await alice.owner.revoke(idsIn(created.text).sharingId);
});

test("a recipient who deletes the single shared document leaves the sharing", async () => {
  const { bob } = pair;
  const { sharingId } = await accepted(pair, "master-slave");
  await bob.owner.remove(doctype, "t1");
  expect(sharingAt(bob, sharingId).revoked).toBe(true);
});
