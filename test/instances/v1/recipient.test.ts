import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sharingAt } from "../../world/cozy-v1a/pair.ts";
import { sharingAt as codeSharingAt } from "../../world/cozy-v1b/pair.ts";
import { linkIn } from "../../world/cozy-v1a/stack/letters.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { fingerprint } from "../../http/server/world.ts";
import { startUsher } from "../usher.ts";
import {
  answer,
  openRecipientWorld,
  type RecipientWorld,
  settled,
  share,
  shareByCode,
  stateOf,
  subscriptions,
} from "./recipient-world.ts";
import { doctype } from "./sharer-world.ts";

let world: RecipientWorld;
beforeEach(async () => {
  world = await openRecipientWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

async function textAtBob(): Promise<unknown> {
  return readObject((await world.app("GET", `/data/${doctype}/t1`)).text)?.["text"];
}

async function leave(): Promise<void> {
  const [subscription] = await subscriptions(world);
  await world.bob.api("DELETE", `/subscriptions/${subscription?.id ?? ""}`);
  await settled(world);
}

describe.each(["one-shot", "master-slave", "master-master"] as const)("a %s sharing of a Cozy", (type) => {
  test("is accepted, followed, changed and revoked by the sharer", async () => {
    const { alice, bob, app } = world;
    const { sharingId, link } = await share(world, { type });
    const id = await answer(world, link);
    expect(await stateOf(world, id)).toMatchObject({ state: "followed" });
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
    expect(await textAtBob()).toBe("first");

    await alice.owner.write(doctype, "t1", { text: "second" });
    expect(await textAtBob()).toBe(type === "one-shot" ? "first" : "second");
    await app("PUT", `/data/${doctype}/t1`, { text: "of Bob" });
    await settled(world);
    const isBothWays = type === "master-master";
    expect(alice.document(doctype, "t1")).toEqual({ text: isBothWays ? "of Bob" : "second" });

    await alice.owner.revoke(sharingId);
    await settled(world);
    expect(await subscriptions(world)).toMatchObject([{ state: "REMOVED" }]);
    expect(await stateOf(world, id)).toMatchObject({ state: "failed", reason: "sharing-ended" });
    // What was received stays; nobody opens it any more.
    expect(await textAtBob()).toBe("of Bob");
    const { db } = bob.site.store;
    expect(await db.selectFrom("cozy_client").select("id").execute()).toEqual([]);
    expect(await db.selectFrom("cozy_token").select("kind").execute()).toEqual([]);
    expect([...alice.failures(), ...alice.refusals()]).toEqual([]);
  });

  test("is left by the account; only one that goes both ways can tell the sharer", async () => {
    const { alice } = world;
    const { sharingId, link } = await share(world, { type });
    await answer(world, link);
    await leave();
    expect(await subscriptions(world)).toMatchObject([{ state: "UNSUBSCRIBED" }]);
    const status = type === "master-master" ? "revoked" : "accepted";
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status }]);
    await alice.owner.write(doctype, "t1", { text: "after he left" });
    expect(await textAtBob()).toBe("first");
  });

  test("is refused, and nothing of it is here", async () => {
    const { alice, bob } = world;
    const { sharingId, link } = await share(world, { type });
    const id = await answer(world, link, "refuse");
    expect(await stateOf(world, id)).toMatchObject({ state: "refused" });
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "refused", hasToken: false }]);
    expect(await bob.site.store.db.selectFrom("cozy_sharing").select("id").execute()).toEqual([]);
    expect(alice.refusals()).toEqual([]);
  });
});

describe.each(["one-shot", "one-way", "two-way"] as const)("a %s sharing of the rework", (type) => {
  test("is accepted by its sharecode, changed and revoked by the sharer", async () => {
    const { carol, app } = world;
    const { id: sharingId, link } = await shareByCode(world, type);
    const id = await answer(world, link);
    expect(await stateOf(world, id)).toMatchObject({ state: "followed" });
    expect(codeSharingAt(carol, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
    expect(await textAtBob()).toBe("first");
    await carol.owner.write(doctype, "t1", { text: "second" });
    expect(await textAtBob()).toBe(type === "one-shot" ? "first" : "second");
    await app("PUT", `/data/${doctype}/t1`, { text: "of Bob" });
    await settled(world);
    expect(carol.document(doctype, "t1")).toEqual({ text: type === "two-way" ? "of Bob" : "second" });
    await carol.owner.revoke(sharingId);
    await settled(world);
    expect(await subscriptions(world)).toMatchObject([{ state: "REMOVED" }]);
    expect([...carol.failures(), ...carol.refusals()]).toEqual([]);
  });

  test("stands once where the answer of the sharer is lost", async () => {
    const { carol, bob } = world;
    const { id: sharingId, link } = await shareByCode(world, type);
    carol.misbehave({ kind: "lost-answer" }, "answer", 1);
    const id = await answer(world, link);
    expect(await stateOf(world, id)).toMatchObject({ state: "accepted" });
    await bob.workAgain();
    await settled(world);
    expect(await stateOf(world, id)).toMatchObject({ state: "followed" });
    expect(codeSharingAt(carol, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
    await carol.owner.write(doctype, "t1", { text: "second" });
    expect(await textAtBob()).toBe(type === "one-shot" ? "first" : "second");
  });

  test("cannot be refused: it is ignored here, and said so", async () => {
    const { carol } = world;
    const before = carol.requests().length;
    const id = await answer(world, (await shareByCode(world, type)).link, "refuse");
    expect(await stateOf(world, id)).toMatchObject({
      state: "ignored",
      detail: expect.stringContaining("its origin hears nothing"),
    });
    expect(
      carol
        .requests()
        .slice(before)
        .filter(({ place }) => place === "discovery"),
    ).toEqual([]);
  });
});

test("an account that a sharer of the rework forgot finds the sharing ended when it looks", async () => {
  const { carol, bob } = world;
  const { id: sharingId, contact, link } = await shareByCode(world, "one-way");
  await answer(world, link);
  // The sharer tells it, and Bob's host does not hear.
  const { db } = bob.site.store;
  await db.updateTable("account").set({ instance_host: "nobody.cozy.example" }).execute();
  await carol.owner.revokeRecipient(sharingId, contact);
  await db
    .updateTable("account")
    .set({ instance_host: new URL(bob.origin).host })
    .execute();
  const [subscription] = await subscriptions(world);
  expect(subscription).toMatchObject({ state: "SUBSCRIBED" });
  await bob.api("POST", `/subscriptions/${subscription?.id ?? ""}/check`, {});
  await settled(world);
  expect(await subscriptions(world)).toMatchObject([{ state: "REMOVED" }]);
});

test("a discovery link is answered with the address of the account's own Cozy, and no page is loaded", async () => {
  const { alice } = world;
  const { sharingId, link } = await share(world, { type: "master-master", cozy: null });
  expect(new URL(link).pathname).toBe("/sharings/discovery");
  const id = await answer(world, link);
  expect(await stateOf(world, id)).toMatchObject({ state: "followed" });
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
  const asked = alice.requests().filter(({ place }) => place === "discovery" || place === "page");
  expect(asked).toMatchObject([{ method: "POST", path: "/sharings/discovery" }]);
  expect(await textAtBob()).toBe("first");
});

test("a discovery link is refused as well", async () => {
  const { alice } = world;
  const { sharingId, link } = await share(world, { cozy: null });
  await answer(world, link, "refuse");
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "refused" }]);
});

test("the first answer of somebody who waits for a sharer that is down is given when he is back", async () => {
  const { alice, bob } = world;
  const { sharingId, link } = await share(world);
  await alice.goDown();
  const id = await answer(world, link);
  expect(await stateOf(world, id)).toMatchObject({ state: "accepted", reason: "connection-refused" });
  await alice.comeUp();
  await bob.workAgain();
  expect(await stateOf(world, id)).toMatchObject({ state: "followed" });
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
});

test("a link for somebody else's Cozy or address is not followed, and nobody is asked", async () => {
  const { alice } = world;
  const toDora = await share(world, { mail: "dora@mail.example", cozy: null });
  const forBob = await share(world);
  const before = alice.requests().length;
  const elsewhere = forBob.link.replace("bob.cozy.example", "dora.cozy.example");
  const reasons = [await answer(world, toDora.link), await answer(world, elsewhere)].map(async (id) =>
    stateOf(world, id),
  );
  expect(await Promise.all(reasons)).toMatchObject([
    { state: "failed", reason: "other-address", detail: expect.stringContaining("ask the sharer") },
    { state: "failed", reason: "other-instance", detail: expect.stringContaining("dora.cozy.example") },
  ]);
  expect(alice.requests()).toHaveLength(before);
});

test("an invitation that would open all documents of a kind is not followed", async () => {
  const { link } = await share(world, { permissions: { all: { type: doctype, verbs: ["ALL"] } } });
  const id = await answer(world, link);
  expect(await stateOf(world, id)).toMatchObject({ state: "failed", reason: "scope-too-wide" });
});

test("two people who accept the same sharing at once both follow it", async () => {
  const { alice, bob, stage } = world;
  await using dora = await stage.start(startUsher, "carol");
  const contacts = [
    alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin }),
    alice.owner.addContact({ mail: "carol@mail.example", cozy: dora.origin }),
  ];
  const created = await alice.owner.share({
    type: "master-master",
    permissions: { doc: { type: doctype, verbs: ["ALL"], values: ["t1"] } },
    contacts,
  });
  expect(created.status).toBe(201);
  const links = alice.mails().slice(-2).map(linkIn);
  const accept = async (usher: typeof bob, link: string): Promise<void> => {
    const id = await usher.receive(link);
    await usher.api("POST", `/notifications/${id}/accept`, {});
    await usher.work();
  };
  await Promise.all([accept(bob, links[0] ?? ""), accept(dora, links[1] ?? "")]);
  await settled(world);
  expect(
    alice
      .sharings()
      .at(-1)
      ?.recipients.map(({ status }) => status),
  ).toEqual(["accepted", "accepted"]);
  const states = await Promise.all(
    [bob, dora].map(async ({ site }) => site.store.db.selectFrom("subscription").select("state").execute()),
  );
  expect(states).toEqual([[{ state: "SUBSCRIBED" }], [{ state: "SUBSCRIBED" }]]);
});

test("a link that is accepted twice at once is followed once", async () => {
  const { alice, bob } = world;
  const { sharingId, link } = await share(world, { type: "master-master" });
  const id = await bob.receive(link);
  await Promise.all([1, 2].map(async () => bob.api("POST", `/notifications/${id}/accept`, {})));
  await settled(world);
  expect(await subscriptions(world)).toMatchObject([{ state: "SUBSCRIBED" }]);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted", hasToken: true }]);
});

test("an application that ends the sharing at the account's host ends the subscription, and tells the sharer", async () => {
  const { alice, app } = world;
  const { sharingId, link } = await share(world, { type: "master-master" });
  await answer(world, link);
  expect((await app("DELETE", `/sharings/${sharingId}`)).status).toBeLessThan(300);
  await settled(world);
  expect(await subscriptions(world)).toMatchObject([{ state: "UNSUBSCRIBED" }]);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "revoked" }]);
});

test("a request link that a person opens shows where it is answered, and changes nothing", async () => {
  const { bob } = world;
  const { link } = await share(world);
  const before = await fingerprint(bob.site.store);
  const { pathname, search } = new URL(link);
  const browser = { accept: "text/html,application/xhtml+xml" };
  const first = await bob.ask("GET", pathname + search, { headers: browser });
  expect(first.status).toBe(303);
  const next = new URL(first.headers.location ?? "");
  const page = await bob.ask("GET", next.pathname + next.search, { headers: browser });
  expect([page.status, page.headers["content-type"]]).toEqual([401, "text/html; charset=utf-8"]);
  const wrong = await bob.ask("GET", "/sharings/request?state=x", { headers: browser });
  expect([wrong.status, wrong.headers["content-type"]]).toEqual([422, "text/html; charset=utf-8"]);
  expect(await fingerprint(bob.site.store)).toBe(before);
});

test("by its documented name a program asks, and the account is told as by a mail", async () => {
  const { alice, bob } = world;
  const { sharingId, link } = await share(world);
  const fields = Object.fromEntries(new URL(link).searchParams);
  const asked = await bob.ask("PUT", `/sharings/${sharingId}`, { body: fields });
  expect(asked.status).toBe(303);
  const { db } = bob.site.store;
  const rows = await db
    .selectFrom("notification")
    .select(["id", "state", "origin", "sharer_address"])
    .execute();
  expect(rows).toMatchObject([{ state: "held", origin: alice.origin, sharer_address: "" }]);
  await bob.api("POST", `/notifications/${rows[0]?.id ?? ""}/accept`, {});
  await settled(world);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
});
