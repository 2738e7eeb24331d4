import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import {
  atSecond,
  deliverAndFind,
  makeCheckDue,
  notificationIn,
  openScene,
  outcomesOf,
  type Scene,
  subscriptionOf,
  sweepNow,
  until,
} from "./scene.ts";

const hourMs = 3_600_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function followed(title: string, password?: string) {
  const share = scene.world.share(addressOf("bob"), {
    title,
    files: ["quay.odt"],
    ...(password === undefined ? {} : { password }),
  });
  const { id } = await deliverAndFind(scene, share.mail, title);
  const given = password === undefined ? [] : ["--password-file", await passwordFile(password)];
  await scene.usher("notification", "accept", id, "--wait", ...given);
  await notificationIn(scene, title, "followed");
  return { ...share, id, subscription: (await subscriptionOf(scene, id)).id };
}

async function passwordFile(password: string): Promise<string> {
  const file = join(scene.world.directory, `${password}.pw`);
  await writeFile(file, password, { mode: 0o600 });
  return file;
}

async function stateIs(id: string, state: string): Promise<void> {
  await until(
    `the subscription is ${state}`,
    async () => (await subscriptionOf(scene, id)).state === state,
    async () => subscriptionOf(scene, id),
  );
}

/** One round of the schedule, to its end. */
async function sweep(): Promise<void> {
  await sweepNow(scene);
  await until("the round is over", async () => {
    const jobs = scene.store.db.selectFrom("job").select("id");
    return (
      (await jobs.where("kind", "in", ["sweep-subscriptions", "check-subscription"]).execute()).length === 0
    );
  });
}

describe("the schedule", () => {
  test("notices by itself, within its minute, that a share was revoked", async () => {
    const { token, id, subscription } = await followed("Revoked later");
    const { next_check_at: nextCheckAt, created_at: createdAt } = await subscriptionOf(scene, id);
    expect((nextCheckAt ?? 0) - createdAt).toBeGreaterThanOrEqual(6 * hourMs);
    scene.world.origin.revoke(token);
    await makeCheckDue(scene, subscription);
    await scene.daemon.end("SIGTERM");
    await scene.start(atSecond(50));
    await stateIs(id, "REMOVED");
    expect(await subscriptionOf(scene, id)).toMatchObject({ reason: "share-revoked", next_check_at: null });
    expect((await notificationIn(scene, "Revoked later", "failed")).detail).toContain("gone or was revoked");
    expect(
      scene.daemon.log.some(({ event, to }) => event === "subscription-changed" && to === "REMOVED"),
    ).toBe(true);
    const again = await scene.usher("subscription", "check", subscription);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("has ended (REMOVED)")]);
    await scene.daemon.end("SIGTERM");
    await scene.start();
  });

  test("leaves an origin that failed alone until the pause is over", async () => {
    const { origin } = scene.world;
    const { id, subscription } = await followed("Paused");
    await origin.goDown();
    await makeCheckDue(scene, subscription);
    await sweep();
    await stateIs(id, "INACCESSIBLE");
    const paused = await subscriptionOf(scene, id);
    expect((paused.next_check_at ?? 0) - (paused.checked_at ?? 0)).toBeGreaterThanOrEqual(hourMs);
    const doctor = await scene.usher("doctor");
    expect(doctor.out).toContain("Subscriptions that do not stand well:");
    expect(doctor.out).toMatch(new RegExp(`${subscription} +bob +INACCESSIBLE .*could not be reached`));

    await origin.comeUp();
    const before = origin.counters();
    await sweep();
    expect(origin.counters()).toEqual(before);
    await stateIs(id, "INACCESSIBLE");

    await makeCheckDue(scene, subscription);
    await sweep();
    await stateIs(id, "SUBSCRIBED");
    expect((await subscriptionOf(scene, id)).failing_since).toBeNull();
  });

  test("waits for the account where the guest password was changed", async () => {
    const { origin } = scene.world;
    const { token, id, subscription } = await followed("Lock changed", "Kite-81");
    origin.setPassword(token, "Kite-82");
    const checked = await scene.usher("subscription", "check", subscription);
    expect(checked.out).toContain(`${subscription} is CREDENTIALS_REFRESH: `);
    const failed = origin.guestLogins(token).failed;
    await sweep();
    expect(origin.guestLogins(token).failed).toBe(failed);

    const wrong = ["subscription", "check", subscription, "--password-file", await passwordFile("Kite-83")];
    expect((await scene.usher(...wrong)).out).toContain("CREDENTIALS_REFRESH");
    const right = ["subscription", "check", subscription, "--password-file", await passwordFile("Kite-82")];
    expect((await scene.usher(...right)).out).toContain(`${subscription} is SUBSCRIBED.`);
    expect((await subscriptionOf(scene, id)).next_check_at).not.toBeNull();
    expect(origin.openSessions()).toBe(0);
  });
});

describe("the command line", () => {
  test("leaves a share, and a later mail asks the account anew", async () => {
    const { origin } = scene.world;
    const { token, id, subscription } = await followed("Left");
    const removed = await scene.usher("subscription", "remove", subscription);
    expect([removed.code, removed.out]).toEqual([0, `${subscription} is left.\n`]);
    await notificationIn(scene, "Left", "ignored");
    expect((await subscriptionOf(scene, id)).next_check_at).toBeNull();
    const { successful } = origin.guestLogins(token);
    const again = await scene.usher("subscription", "remove", subscription);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("has ended already (UNSUBSCRIBED)")]);
    expect(await scene.usherJson<readonly { id: string }[]>("subscription", "list")).not.toContainEqual(
      expect.objectContaining({ id: subscription }),
    );
    await sweep();
    expect(origin.guestLogins(token).successful).toBe(successful);
  });

  test("does all of it by itself where no daemon runs", async () => {
    const { origin } = scene.world;
    const { token, mail } = scene.world.share(addressOf("bob"), { title: "By hand", files: ["quay.odt"] });
    const { id } = await deliverAndFind(scene, mail, "By hand");
    expect(await scene.daemon.end("SIGTERM")).toBe(0);
    expect((await scene.usher("doctor")).out).toContain("No daemon serves this store");
    const accepted = await scene.usher("notification", "accept", id, "--wait");
    expect([accepted.code, accepted.out], accepted.err).toEqual([0, `${id} is followed.\n`]);
    const { id: subscription } = await subscriptionOf(scene, id);
    const checked = await scene.usher("subscription", "check", subscription);
    expect(checked.out).toBe(`${subscription} is SUBSCRIBED.\n  By hand (files, 1 entry)\n`);
    const removed = await scene.usher("subscription", "remove", subscription);
    expect(removed.out).toBe(`${subscription} is left.\n`);
    expect(await outcomesOf(scene, id)).toEqual(["follow well", "check well", "leave well"]);
    expect(origin.guestLogins(token)).toEqual({ successful: 2, failed: 0 });
    expect(origin.openSessions()).toBe(0);

    const later = scene.world.share(addressOf("bob"), { title: "Scanned by hand" });
    await scene.world.deliver("bob", later.mail);
    const scanned = await scene.usher("mailbox", "scan", "bob");
    expect(scanned.out).toContain("INBOX: 1 mails looked at, 1 of them new and worth reading.");
    await notificationIn(scene, "Scanned by hand", "held");
    await scene.start();
  });
});
