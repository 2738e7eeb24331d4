import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JobKind } from "../../src/jobs/queue.ts";
import { startApplication } from "../world/application/application.ts";
import type { Nextcloud } from "../world/nextcloud/nextcloud.ts";
import type { SentShare } from "../world/ocm/shares.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { done, federate, fillApplication, lookAgain, recipientsBecome } from "./federation-acts.ts";
import { nextcloud, shareFrom, takenAt } from "./federation-clouds.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, held, subscriptionIn } from "./followed.ts";
import { makeJobsDue, until } from "./scene.ts";

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  "nc32.example": nextcloud({ generation: 32 }),
} as const;

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;
const peer = (): Nextcloud => scene.peers["nc32.example"];

beforeAll(async () => {
  scene = await openFederation(starters);
  fillApplication(scene.peers["files.example"]);
});
afterAll(async () => scene[Symbol.asyncDispose]());
beforeEach(() => {
  peer().behave();
  scene.bob.front.behave(null);
});

interface Offered {
  readonly share: SentShare;
  readonly notification: string;
}

/** Ada shares a folder with Bob, who is asked. */
async function offered(name: string): Promise<Offered> {
  const share = await shareFrom(peer(), scene.bob.addressOf("bob"), { name, files: { "a.txt": "A" } });
  return { share, notification: await held(scene.bob, name) };
}

/** Requests of one kind so far, whatever became of them. */
function asked(place: "notifications" | "shares"): number {
  return peer()
    .requests()
    .filter((each) => each.place === place).length;
}

async function isAsked(place: "notifications" | "shares", since: number): Promise<void> {
  await until(
    "the cloud is asked",
    () => asked(place) > since,
    () => scene.bob.daemon.text().slice(-3000),
  );
}

/** The next try of everything comes at once. */
async function tryAgain(): Promise<void> {
  for (const kind of ["follow", "leave", "tell-peer"] as const) await makeJobsDue(scene.bob, kind);
}

/** One subscription that opens the folder, and a cloud that knows of the acceptance, whatever was repeated. */
async function stands({ share, notification }: Offered): Promise<string> {
  const state = async () =>
    scene.bob.store.db
      .selectFrom("notification")
      .select("state")
      .where("id", "=", notification)
      .executeTakeFirst();
  await until(
    "he follows",
    async () => {
      await tryAgain();
      return (await state())?.state === "followed";
    },
    async () => [await state(), share.state, scene.bob.daemon.text().slice(-3000)],
  );
  expect(share.state).toBe("accepted");
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  expect(await browsed(scene.bob, subscription)).toMatchObject([{ name: "a.txt" }]);
  return subscription;
}

/** When work that did not succeed is tried next, milliseconds since 1970. */
async function nextTry(kind: JobKind): Promise<number> {
  const waiting = async () =>
    scene.bob.store.db
      .selectFrom("job")
      .select("run_at")
      .where("kind", "=", kind)
      .where("state", "=", "ready")
      .where("attempts", ">", 0)
      .execute();
  const isWaiting = async (): Promise<boolean> => (await waiting()).length === 1;
  await until(`${kind} waits for its next try`, isWaiting, () => scene.bob.daemon.text().slice(-3000));
  return (await waiting())[0]?.run_at ?? 0;
}

/** Bob shares with Ada, and nobody waits for her cloud. */
async function shareReports(title: string): Promise<string> {
  const what = { path: "Reports/", title, to: [peer().address("ada")] };
  return federate(scene.bob, "bob", scene.peers["files.example"], what);
}

/** The cloud has it once, however often it was brought. */
async function arrives(sharing: string, title: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    await tryAgain();
    return peer()
      .taken()
      .some(({ name }) => name === title);
  };
  await until(`${title} arrives`, isThere, () => scene.bob.daemon.text().slice(-3000));
  await recipientsBecome(scene.bob, "bob", sharing, "pending");
  expect(await peer().list(await takenAt(peer(), scene.bob, title))).toHaveLength(3);
}

async function killedAndStarted(): Promise<void> {
  await scene.bob.daemon.end("SIGKILL");
  await scene.bob.start();
}

const forEver = new Promise<never>(() => {});
const secondMs = 1000;

describe("the other cloud", () => {
  test("is down when Bob accepts: he follows once it is back", async () => {
    const given = await offered("Down");
    await peer().goDown();
    await accept(scene.bob, "bob", given.notification);
    await nextTry("follow");
    await peer().comeUp();
    await stands(given);
    const heard = peer()
      .notified()
      .filter(({ providerId }) => providerId === given.share.id);
    expect(heard.map(({ type }) => type)).toEqual(["SHARE_ACCEPTED"]);
  });

  test("is down when Bob leaves: it hears of it later", async () => {
    const given = await offered("Left");
    await accept(scene.bob, "bob", given.notification);
    const subscription = await stands(given);
    await peer().goDown();
    bodyOf(await scene.bob.api("bob", "DELETE", `/subscriptions/${subscription}`));
    await nextTry("leave");
    await peer().comeUp();
    await makeJobsDue(scene.bob, "leave");
    await subscriptionIn(scene.bob, given.notification, "UNSUBSCRIBED");
    expect(given.share.state).toBe("left");
  });

  test("is down when Bob shares: it gets the share once it is back", async () => {
    await peer().goDown();
    const sharing = await shareReports("Late reports");
    await nextTry("tell-peer");
    await peer().comeUp();
    await arrives(sharing, "Late reports");
  });

  test("says when to come again, and is left alone until then", async () => {
    const given = await offered("Busy");
    peer().misbehave({ kind: "status", status: 503, retryAfter: "900" }, "notifications", 1);
    const acceptedAt = Date.now();
    await accept(scene.bob, "bob", given.notification);
    expect(await nextTry("follow")).toBeGreaterThanOrEqual(acceptedAt + 900 * secondMs);
    await stands(given);
    peer().misbehave({ kind: "status", status: 503, retryAfter: "900" }, "shares", 1);
    const sharedAt = Date.now();
    const sharing = await shareReports("Busy reports");
    expect(await nextTry("tell-peer")).toBeGreaterThanOrEqual(sharedAt + 900 * secondMs);
    await arrives(sharing, "Busy reports");
  });

  test("takes a share back while Usher is away: Bob's next look shows it", async () => {
    const given = await offered("Gone");
    await accept(scene.bob, "bob", given.notification);
    const subscription = await stands(given);
    scene.bob.front.behave("down");
    await expect(peer().unshare(given.share)).rejects.toThrow("SHARE_UNSHARED");
    scene.bob.front.behave(null);
    await lookAgain(scene.bob, subscription);
    await subscriptionIn(scene.bob, given.notification, "REMOVED");
  });
});

describe("a daemon is killed", () => {
  test("before the cloud of who shares heard that Bob accepts", async () => {
    const given = await offered("Unheard");
    const before = asked("notifications");
    peer().misbehave({ kind: "held", until: forEver }, "notifications", 1);
    await accept(scene.bob, "bob", given.notification);
    await isAsked("notifications", before);
    await killedAndStarted();
    await stands(given);
    const heard = peer()
      .notified()
      .filter(({ providerId }) => providerId === given.share.id);
    expect(heard.map(({ type }) => type)).toEqual(["SHARE_ACCEPTED"]);
  });

  test("after it heard that, and before its answer came", async () => {
    const given = await offered("Unanswered");
    peer().misbehave({ kind: "lost-answer" }, "notifications", 1);
    await accept(scene.bob, "bob", given.notification);
    await until("it was heard", () => given.share.state === "accepted");
    await killedAndStarted();
    await stands(given);
  });

  test("before the recipient's cloud took what Bob shares", async () => {
    const before = asked("shares");
    peer().misbehave({ kind: "held", until: forEver }, "shares", 1);
    const sharing = await shareReports("Broken off");
    await isAsked("shares", before);
    await killedAndStarted();
    await arrives(sharing, "Broken off");
  });

  test("before the recipient's cloud heard that Bob takes it back", async () => {
    const sharing = await shareReports("Withdrawn");
    await arrives(sharing, "Withdrawn");
    const taken = await takenAt(peer(), scene.bob, "Withdrawn");
    const before = asked("notifications");
    peer().misbehave({ kind: "held", until: forEver }, "notifications", 1);
    await done(scene.bob, "sharing", "revoke", sharing);
    await isAsked("notifications", before);
    expect((await peer().read(taken, "sums.csv")).status).toBe(401);
    await killedAndStarted();
    await until(
      "it is gone there",
      async () => {
        await tryAgain();
        return taken.state === "unshared";
      },
      () => scene.bob.daemon.text().slice(-3000),
    );
  });
});

test("the cloud met nothing that no server does", () => {
  expect(peer().refusals()).toEqual([]);
});
