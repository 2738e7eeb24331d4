import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retryRules } from "../../src/jobs/retry-rules.ts";
import { addressOf } from "../world/world.ts";
import { type MailBox, mailBox, type Share } from "./mail-box.ts";
import { deliverAll } from "./deliver-all.ts";
import { seededRandom } from "./seeded-random.ts";
import { openScene, outcomesOf, type Scene, until } from "./scene.ts";

const kills = 10;
const seed = Number(process.env["USHER_TEST_SEED"] ?? randomInt(2 ** 31));
const random = seededRandom(seed);

let scene: Scene;
let box: MailBox;
let starts = 0;
/** Jobs that were under way at the moment of each kill. */
const cutShort: { readonly kind: string; readonly subject: string }[] = [];

beforeAll(async () => {
  console.log(`The kills of this run repeat with USHER_TEST_SEED=${seed}`);
  const policy = [{ when: { senderDomain: "origin.example" }, then: "accept" }];
  scene = await openScene({ config: { policy } });
  box = mailBox(scene.world, { recipient: addressOf("bob"), mails: 1000, shares: 20, random });
  // Long enough that kills fall into the conversations with the origin.
  scene.world.origin.misbehave({ kind: "slow", ms: 40 });
  await killAgainAndAgain();
  await untilAllIsDone();
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** Mail comes in all the time, a part of it in the life of each daemon. */
async function killAgainAndAgain(): Promise<void> {
  const portion = Math.ceil(box.mails.length / (kills + 1));
  for (let life = 0; life <= kills; life += 1) {
    const delivery = deliverAll(scene.world, box.mails.slice(life * portion, (life + 1) * portion));
    const daemon = await scene.start();
    starts += 1;
    if (life < kills) {
      await wait(random() * 900);
      await untilNoJobIsOnItsLastTry();
      await daemon.end("SIGKILL");
      cutShort.push(...(await underWay()));
    }
    await delivery;
  }
}

/** On a slow machine all kills could meet the same job, which would rightly be parked. */
async function untilNoJobIsOnItsLastTry(): Promise<void> {
  const last = scene.store.db
    .selectFrom("job")
    .select("id")
    .where("attempts", ">=", retryRules["read-message"].tries - 1);
  await until("no job has one try left", async () => (await last.execute()).length === 0);
}

async function underWay() {
  return scene.store.db.selectFrom("job").select(["kind", "subject"]).where("state", "=", "leased").execute();
}

async function untilAllIsDone(): Promise<void> {
  const { db } = scene.store;
  await until(
    "every mail was seen and all work is done",
    async () => {
      const cursor = await db.selectFrom("mailbox_cursor").select("last_uid").executeTakeFirst();
      const jobs = await db.selectFrom("job").select("id").execute();
      return cursor?.last_uid === box.mails.length && jobs.length === 0;
    },
    async () => [seed, await db.selectFrom("job").selectAll().execute(), scene.daemon.text().slice(-2000)],
    120_000,
  );
}

/** How many jobs about the share's notification a kill cut short. */
async function cutShortOf(share: Share): Promise<number> {
  const { id } = await notificationOf(share);
  const subscriptions = await scene.store.db
    .selectFrom("subscription")
    .select("id")
    .where("notification_id", "=", id)
    .execute();
  const subjects = [id, ...subscriptions.map((row) => row.id)];
  return cutShort.filter(({ kind, subject }) => kind !== "read-message" && subjects.includes(subject)).length;
}

async function notificationOf(share: Share) {
  return scene.store.db
    .selectFrom("notification")
    .selectAll()
    .where("share_hint", "like", `${share.token.slice(0, 8)}%`)
    .executeTakeFirstOrThrow();
}

test("each daemon is ready again", () => {
  console.log(`${cutShort.length} jobs were cut short`);
  expect(starts).toBe(kills + 1);
});

test("twenty shares among a thousand mails are twenty notifications, one for each token", async () => {
  const rows = await scene.store.db.selectFrom("notification").select("share_hint").execute();
  const hints = rows.map(({ share_hint: hint }) => hint.slice(0, 8)).toSorted();
  expect(hints, `seed ${seed}`).toEqual(box.shares.map(({ token }) => token.slice(0, 8)).toSorted());
});

test("accepted shares are followed, each by one subscription, and the others wait", async () => {
  for (const share of box.shares) {
    const row = await notificationOf(share);
    expect([seed, share.isAccepted, row.state]).toEqual([
      seed,
      share.isAccepted,
      share.isAccepted ? "followed" : "held",
    ]);
  }
  const standing = await scene.store.db
    .selectFrom("subscription")
    .innerJoin("notification", "notification.id", "subscription.notification_id")
    .select(["notification.share_hint as hint", "subscription.state", "ended_at"])
    .execute();
  const accepted = box.shares.filter(({ isAccepted }) => isAccepted);
  expect(standing.map(({ hint }) => hint.slice(0, 8)).toSorted()).toEqual(
    accepted.map(({ token }) => token.slice(0, 8)).toSorted(),
  );
  expect(standing.every(({ state, ended_at: endedAt }) => state === "SUBSCRIBED" && endedAt === null)).toBe(
    true,
  );
});

test("every folder that a mail named is behind its subscription", async () => {
  const rows = await scene.store.db.selectFrom("subscription_folder").select("folder").execute();
  const named = box.shares.filter(({ isAccepted }) => isAccepted).flatMap(({ folders }) => folders);
  expect(rows.map(({ folder }) => folder).toSorted(), `seed ${seed}`).toEqual(named.toSorted());
});

test("the origin saw one guest login for each visit on record, and for each that a kill cut short", async () => {
  const { origin } = scene.world;
  for (const share of box.shares.filter(({ isAccepted }) => isAccepted)) {
    const visits = await outcomesOf(scene, (await notificationOf(share)).id);
    expect(visits.filter((visit) => visit.startsWith("follow"))).toEqual(["follow well"]);
    expect(visits.length).toBeLessThanOrEqual(share.folders.length);
    const { successful, failed } = origin.guestLogins(share.token);
    expect([seed, failed]).toEqual([seed, 0]);
    expect(successful, `seed ${seed}`).toBeGreaterThanOrEqual(visits.length);
    expect(successful, `seed ${seed}`).toBeLessThanOrEqual(visits.length + (await cutShortOf(share)));
  }
  expect(origin.refusals(), `seed ${seed}`).toEqual([]);
});

test("the origin heard nothing about the shares that were not accepted", () => {
  const asked = scene.world.origin.requests().map(({ path }) => path);
  for (const share of box.shares.filter(({ isAccepted }) => !isAccepted)) {
    expect(asked.filter((path) => path.includes(share.token.slice(0, 8)))).toEqual([]);
    expect(scene.world.origin.guestLogins(share.token)).toEqual({ successful: 0, failed: 0 });
  }
});

test("no guest session stays open at the origin, except those of visits that a kill cut short", () => {
  const visits = cutShort.filter(({ kind }) => kind !== "read-message");
  expect(scene.world.origin.openSessions(), `seed ${seed}`).toBeLessThanOrEqual(visits.length);
});

test("nothing is parked, and each share mail was read once", async () => {
  const doctor = await scene.usherJson<{ parked: unknown[]; jobs: object }>("doctor");
  expect(doctor).toMatchObject({ parked: [], jobs: { ready: 0, leased: 0, parked: 0 } });
  const { db } = scene.store;
  const messages = await db.selectFrom("message").selectAll().execute();
  expect(messages).toHaveLength(box.shareMails);
  expect(messages.every((row) => row.state === "read" && row.notification_id !== null)).toBe(true);
  const mailRecords = await db.selectFrom("record").select("id").where("kind", "=", "mail").execute();
  expect(mailRecords).toHaveLength(box.shareMails);
});

test("no mail was marked as seen", async () => {
  const flags = await scene.world.dovecot.flags(addressOf("bob"), "INBOX");
  expect(flags).toHaveLength(box.mails.length);
  expect(flags.filter((each) => each.includes("\\Seen"))).toEqual([]);
});
