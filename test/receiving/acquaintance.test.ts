import { afterEach, beforeEach, expect, test } from "vitest";
import { readAcquaintance } from "../../src/receiving/acquaintance.ts";
import type { SubscriptionRow } from "../../src/store/subscriptions.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";

let world: JudgeWorld;
beforeEach(async () => {
  world = await openJudgeWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

async function subscribe(ended: Pick<SubscriptionRow, "state" | "ended_at">): Promise<void> {
  const { notificationId, after } = await world.mail();
  await world.store.db
    .insertInto("subscription")
    .values({
      ...ended,
      id: "s-1",
      account_id: after.account_id,
      notification_id: notificationId,
      protocol: "ox",
      origin: after.origin,
      share_key: after.share_key,
      via: "usher",
      created_at: 1,
    })
    .execute();
}

async function known() {
  return readAcquaintance(world.store.db, { id: "a-bob", addresses: ["bob@example.org"] }, []);
}

test("an origin is known as long as a share of it is followed", async () => {
  await subscribe({ state: "INACCESSIBLE", ended_at: null });
  expect((await known()).origins).toEqual(["share.cloud-a.example"]);
});

test.each(["UNSUBSCRIBED", "REMOVED"] as const)(
  "an origin vouches for nobody any more when its share is %s, but others may still look like it",
  async (state) => {
    await subscribe({ state, ended_at: 2 });
    const { origins, hosts } = await known();
    expect(origins).toEqual([]);
    expect(hosts).toContain("share.cloud-a.example");
  },
);
