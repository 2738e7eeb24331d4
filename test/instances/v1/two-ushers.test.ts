import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { startUsher, type Usher } from "../usher.ts";
import { bobsMail, idsIn, scope as documentScope, states } from "./sharer-world.ts";

// Both have accounts at Ushers of their own, and each reaches the other over TLS.
let stage: Stage;
let alice: Usher;
let bob: Usher;
let app: Awaited<ReturnType<Usher["app"]>>;
let bobsApp: Awaited<ReturnType<Usher["app"]>>;

const scope = `${documentScope} io.cozy.files:ALL:f1 io.cozy.contacts:ALL`;
const permissions = {
  doc: { type: "io.cozy.tests", verbs: ["ALL"], values: ["t1"] },
  file: { type: "io.cozy.files", verbs: ["ALL"], values: ["f1"] },
};

beforeEach(async () => {
  stage = await openStage();
  alice = await stage.start(startUsher, "alice");
  bob = await stage.start(startUsher, "bob");
  app = await alice.app(scope);
  bobsApp = await bob.app(scope);
  await app("PUT", "/data/io.cozy.tests/t1", { text: "first" });
  await app("PUT", "/data/io.cozy.files/f1", { type: "file", name: "plan.txt" });
  await app("PUT", "/data/io.cozy.files/f1/content", Buffer.from("quay and crane\n"));
});
afterEach(async () => {
  for (const each of [alice, bob, stage]) await each[Symbol.asyncDispose]();
});

/** Alice shares with Bob; `cozy` is what she knows of his. The link of his mail waits for him. */
async function share(type: string, cozy: string | null) {
  const body = {
    email: [{ address: bobsMail }],
    ...(cozy === null ? {} : { cozy: [{ url: cozy }] }),
  };
  const contact = String(readObject((await app("POST", "/data/io.cozy.contacts/", body)).text)?.["id"]);
  const isLater = type === "one-way" || type === "two-way";
  const recipients = isLater ? [contact] : [{ recipient: { id: contact, type: "io.cozy.contacts" } }];
  const created = await app("POST", "/sharings/", { sharing_type: type, permissions, recipients });
  expect([200, 201]).toContain(created.status);
  await alice.work();
  const notification = await bob.receive(await alice.linkOf(bobsMail));
  return { ...idsIn(created.text), notification };
}

async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await bob.work();
    await alice.work();
  }
}

async function accept(notification: string): Promise<void> {
  const answered = await bob.api("POST", `/notifications/${notification}/accept`, {});
  expect(answered.status).toBe(202);
  await settled();
}

async function textAtBob(): Promise<unknown> {
  return readObject((await bobsApp("GET", "/data/io.cozy.tests/t1")).text)?.["text"];
}

async function atAlice(id: string) {
  return (await states({ app }, id))[0];
}

async function subscriptions() {
  return bob.site.store.db.selectFrom("subscription").select("state").execute();
}

describe.each([
  ["one-shot", true],
  ["master-slave", true],
  ["master-master", true],
  ["master-slave", false],
  ["one-way", true],
  ["two-way", false],
] as const)("a %s sharing (Bob's Cozy is known to Alice: %s)", (type, isKnown) => {
  const isBothWays = type === "master-master" || type === "two-way";
  const isFollowed = type !== "one-shot";

  test("is accepted, followed, and revoked by Alice", async () => {
    const { id, notification } = await share(type, isKnown ? bob.origin : null);
    expect(await atAlice(id)).toBe("pending");
    await accept(notification);
    expect(await atAlice(id)).toBe("accepted");
    expect(await subscriptions()).toEqual([{ state: "SUBSCRIBED" }]);
    expect(await textAtBob()).toBe("first");
    expect((await bobsApp("GET", "/data/io.cozy.files/f1/content")).text).toBe("quay and crane\n");

    await app("PUT", "/data/io.cozy.tests/t1", { text: "of Alice" });
    await app("PUT", "/data/io.cozy.files/f1/content", Buffer.from("quay, crane and ship\n"));
    await settled();
    expect(await textAtBob()).toBe(isFollowed ? "of Alice" : "first");
    const content = (await bobsApp("GET", "/data/io.cozy.files/f1/content")).text;
    expect(content).toBe(isFollowed ? "quay, crane and ship\n" : "quay and crane\n");

    await bobsApp("PUT", "/data/io.cozy.tests/t1", { text: "of Bob" });
    await settled();
    const { text } = await app("GET", "/data/io.cozy.tests/t1");
    expect(readObject(text)?.["text"]).toBe(isBothWays ? "of Bob" : "of Alice");

    expect((await app("DELETE", `/sharings/${id}`)).status).toBeLessThan(300);
    await settled();
    expect(await atAlice(id)).toBe("revoked");
    expect(await subscriptions()).toEqual([{ state: "REMOVED" }]);
    await app("PUT", "/data/io.cozy.tests/t1", { text: "after the end" });
    await settled();
    expect(await textAtBob()).not.toBe("after the end");
    const left = await Promise.all(
      [alice, bob].map(async ({ site }) => site.store.db.selectFrom("cozy_client").select("id").execute()),
    );
    expect(left).toEqual([[], []]);
  });

  test("is left by Bob", async () => {
    const { id, notification } = await share(type, isKnown ? bob.origin : null);
    await accept(notification);
    const [subscription] = await bob.site.store.db.selectFrom("subscription").select("id").execute();
    const left = await bob.api("DELETE", `/subscriptions/${subscription?.id ?? ""}`);
    expect(left.status).toBeLessThan(300);
    await settled();
    // Without a token of his own he cannot tell her (reference/cozy.md 8.2).
    expect(await atAlice(id)).toBe(isBothWays ? "revoked" : "accepted");
    await app("PUT", "/data/io.cozy.tests/t1", { text: "after he left" });
    await settled();
    expect(await textAtBob()).not.toBe("after he left");
  });
});

test.each([
  ["before Alice's code has come", []],
  ["when the code has come and was not exchanged yet", ["alice"]],
] as const)("who leaves a master-master sharing %s tells her all the same", async (_, works) => {
  const { id, notification } = await share("master-master", bob.origin);
  await bob.api("POST", `/notifications/${notification}/accept`, {});
  await bob.work();
  for (const name of works) await { alice, bob }[name].work();
  expect(await atAlice(id)).toBe("accepted");
  const [subscription] = await bob.site.store.db.selectFrom("subscription").select("id").execute();
  await bob.api("DELETE", `/subscriptions/${subscription?.id ?? ""}`);
  await settled();
  expect(await subscriptions()).toEqual([{ state: "UNSUBSCRIBED" }]);
  expect(await atAlice(id)).toBe("revoked");
  await app("PUT", "/data/io.cozy.tests/t1", { text: "after he left" });
  await settled();
  expect(await textAtBob()).not.toBe("after he left");
});

test("a v1a sharing is refused, and the sharer is told", async () => {
  const { id, notification } = await share("master-slave", bob.origin);
  const refused = await bob.api("POST", `/notifications/${notification}/refuse`, {});
  expect(refused.status).toBeLessThan(300);
  await settled();
  expect(await atAlice(id)).toBe("refused");
  expect((await bobsApp("GET", "/data/io.cozy.tests/t1")).status).toBe(404);
});
