import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { shareMail } from "../world/share-mail.ts";
import { addressOf } from "../world/world.ts";
import {
  deliverAndFind,
  makeCheckDue,
  makeJobsDue,
  notificationIn,
  openScene,
  outcomesOf,
  type Scene,
  subscriptionOf,
  sweepNow,
  until,
} from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
beforeEach(() => scene.world.origin.behave());
afterEach(() => scene.world.origin.behave());
afterAll(async () => scene[Symbol.asyncDispose]());

const bob = addressOf("bob");
/** Does something while the origin owes the answer to the next visit. */
async function duringVisit(begin: () => Promise<unknown>, meanwhile: () => Promise<unknown>): Promise<void> {
  const { origin } = scene.world;
  const before = origin.requests().length;
  const enough = Promise.withResolvers<undefined>();
  origin.misbehave({ kind: "held", until: enough.promise }, "link", 1);
  try {
    await begin();
    await until("the origin is asked", () => origin.requests().length > before);
    await meanwhile();
  } finally {
    enough.resolve(undefined);
  }
}

async function noWorkLeft(subject: string): Promise<void> {
  await until(`nothing is under way about ${subject}`, async () => {
    const jobs = scene.store.db.selectFrom("job").select("id").where("subject", "=", subject);
    return (await jobs.execute()).length === 0;
  });
}

async function followed(title: string) {
  const share = scene.world.share(bob, { title, files: ["quay.odt"] });
  const { id } = await deliverAndFind(scene, share.mail, title);
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, title, "followed");
  return { share, id, subscription: await subscriptionOf(scene, id) };
}

describe("while the origin is asked about a share", () => {
  test.each([true, false])(
    "a mail may name another folder, and both are followed (first stands: %s)",
    async (stands) => {
      const title = `Grows ${stands}`;
      const share = scene.world.share(bob, { title });
      const { id } = await deliverAndFind(scene, share.mail, title);
      const second = stands ? "7001" : "7002";
      scene.world.origin.addFolder({ id: second, title: "Second", guests: [share.token] });
      if (!stands) scene.world.origin.hideFolder(share.token, share.folder);
      const mail = shareMail({
        link: scene.world.origin.link(share.token, second),
        sharer: { name: "Alice Sender", address: "alice@origin.example" },
        recipient: bob,
        title: "Second",
      });
      await duringVisit(
        async () => scene.usher("notification", "accept", id),
        async () => {
          await scene.world.deliver("bob", mail);
          await until("the second mail was read", async () => {
            const read = scene.store.db.selectFrom("message").select("id").where("notification_id", "=", id);
            return (await read.execute()).length === 2;
          });
          expect((await notificationIn(scene, title, "accepted")).id).toBe(id);
        },
      );
      await notificationIn(scene, title, "followed");
      const { id: subscription } = await subscriptionOf(scene, id);
      const expected = stands ? [share.folder, second] : [second];
      await until("all its folders are behind the subscription", async () => {
        const folders = scene.store.db
          .selectFrom("subscription_folder")
          .select("folder")
          .where("subscription_id", "=", subscription)
          .orderBy("folder");
        return (await folders.execute()).map(({ folder }) => folder).join(" ") === expected.join(" ");
      });
    },
  );

  test("the account may say no, and an origin that does not answer is not asked again", async () => {
    const title = "Ignored while it fails";
    const { origin } = scene.world;
    const { token, mail } = scene.world.share(bob, { title });
    const { id } = await deliverAndFind(scene, mail, title);
    await duringVisit(
      async () => scene.usher("notification", "accept", id),
      async () => {
        await scene.usher("notification", "ignore", id);
        await origin.goDown();
      },
    );
    await until("the visit is on record", async () => (await outcomesOf(scene, id)).length === 1);
    await origin.comeUp();
    await makeJobsDue(scene, "follow");
    await noWorkLeft(id);
    expect(await outcomesOf(scene, id)).toHaveLength(1);
    expect(origin.guestLogins(token).successful).toBe(0);
    expect((await notificationIn(scene, title, "ignored")).reason).toBe("answered");
  });

  test("the account may say no, and a refusal of the origin does not overrule that", async () => {
    const title = "Ignored while it is refused";
    const { token, mail } = scene.world.share(bob, { title });
    const { id } = await deliverAndFind(scene, mail, title);
    scene.world.origin.revoke(token);
    await duringVisit(
      async () => scene.usher("notification", "accept", id),
      async () => scene.usher("notification", "ignore", id),
    );
    await noWorkLeft(id);
    expect(await outcomesOf(scene, id)).toEqual(["follow share-revoked"]);
    expect((await notificationIn(scene, title, "ignored")).reason).toBe("answered");
  });

  test("the account may say no, and what came to stand is left again", async () => {
    const title = "Ignored while it is followed";
    const { mail } = scene.world.share(bob, { title });
    const { id } = await deliverAndFind(scene, mail, title);
    await duringVisit(
      async () => scene.usher("notification", "accept", id),
      async () => scene.usher("notification", "ignore", id),
    );
    await noWorkLeft(id);
    const { id: subscription } = await subscriptionOf(scene, id);
    await noWorkLeft(subscription);
    expect((await subscriptionOf(scene, id)).state).toBe("UNSUBSCRIBED");
    await notificationIn(scene, title, "ignored");
  });

  test("a subscription that is left during its check stays left", async () => {
    const { id, subscription } = await followed("Left during a check");
    await duringVisit(
      async () => {
        await makeCheckDue(scene, subscription.id);
        await sweepNow(scene);
      },
      async () => scene.usher("subscription", "remove", subscription.id),
    );
    await noWorkLeft(subscription.id);
    expect(await subscriptionOf(scene, id)).toMatchObject({ state: "UNSUBSCRIBED", reason: "left" });
    expect((await subscriptionOf(scene, id)).ended_at).not.toBeNull();
  });
});
