import { afterEach, beforeEach, expect, test } from "vitest";
import { openV2World, type UsherV2, type V2World } from "./world.ts";

// Both have accounts at Ushers of their own.
let world: V2World;
let alice: UsherV2;
let bob: UsherV2;

beforeEach(async () => {
  world = await openV2World();
  alice = await world.usher("alice");
  bob = await world.usher("bob");
});
afterEach(async () => world[Symbol.asyncDispose]());

async function share(continuous: boolean): Promise<string> {
  const rule = await alice.keep("evt-1", { description: "Concert" });
  const targets = [{ recipientUrl: bob.origin }];
  const shareID = await alice.share({ desc: "Concert tickets", rules: [rule], targets, continuous });
  await alice.work();
  return shareID;
}

async function accept(): Promise<void> {
  await bob.answer(true);
  await bob.work();
  await alice.work();
}

async function member() {
  return (await alice.owned())?.members[0];
}

test.each([
  ["for good", true, "at nine"],
  ["once", false, "Concert"],
])("share %s", async (_, continuous, after) => {
  await share(continuous);
  await accept();
  expect((await member())?.status).toBe("accepted");
  expect((await bob.notifications())[0]?.state).toBe("followed");
  expect(await bob.document("evt-1")).toMatchObject({ description: "Concert" });
  await alice.keep("evt-1", { description: "at nine" });
  await alice.work();
  expect(await bob.document("evt-1")).toMatchObject({ description: after });
});

test("refuse", async () => {
  await share(true);
  await bob.answer(false);
  await bob.work();
  expect((await member())?.status).toBe("refused");
  expect(await bob.received()).toBeNull();
  expect(await bob.document("evt-1")).toBeNull();
});

test("revoke by the sharer", async () => {
  const shareID = await share(true);
  await accept();
  await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`);
  await alice.work();
  await bob.work();
  expect(await bob.received()).toMatchObject({ tokens: 0, sharing: { is_active: 0 } });
  const subscription = await bob.usher.site.store.db.selectFrom("subscription").select("state").execute();
  expect(subscription).toEqual([{ state: "REMOVED" }]);
});

test("leave by the recipient, and be invited again", async () => {
  await share(true);
  await accept();
  await bob.leave();
  await bob.work();
  expect((await member())?.status).toBe("revoked");
  await alice.keep("evt-1", { description: "at nine" });
  await alice.work();
  expect(await bob.document("evt-1")).toMatchObject({ description: "Concert" });
  await share(true);
  await accept();
  expect((await member())?.status).toBe("accepted");
  await alice.keep("evt-1", { description: "at ten" });
  await alice.work();
  expect(await bob.document("evt-1")).toMatchObject({ description: "at ten" });
});
