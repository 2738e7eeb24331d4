import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Application, startApplication } from "../world/application/application.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { addressOf } from "../world/world.ts";
import {
  comesTo,
  content,
  done,
  federate,
  fillApplication,
  heldFrom,
  knownTo,
  recipientsBecome,
} from "./federation-acts.ts";
import { type FederationScene, type FederationSite, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn, whenAt } from "./followed.ts";
import { makeJobsDue, notificationIn, notificationsTitled, until } from "./scene.ts";

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
} as const;

let scene: FederationScene<{ readonly "files.example": Application }>;
const bytes = randomBytes(300_000);
const digits = "0123456789".repeat(10);

beforeAll(async () => {
  scene = await openFederation(starters);
  const { files } = scene.peers["files.example"];
  fillApplication(scene.peers["files.example"]);
  files.set("Reports/photo.raw", { bytes });
  files.set("Reports/digits.txt", { bytes: Buffer.from(digits) });
  const rules = join(scene.bob.world.directory, "rules.yaml");
  await writeFile(rules, "policy: [{when: {protocol: federated-share}, then: accept}]\n");
  for (const name of ["bob", "carla"]) await done(scene.bob, "policy", "set", name, rules);
});
afterAll(async () => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.alice.front.behave(null);
  scene.bob.front.behave(null);
});

/** Alice shares her reports under a name; gives the sharing's id. */
async function share(title: string, names: readonly string[], ...more: readonly string[]): Promise<string> {
  const what = { path: "Reports/", title, to: names.map((name) => scene.bob.addressOf(name)) };
  return federate(scene.alice, "alice", scene.peers["files.example"], what, ...more);
}

const atAlice = async (sharing: string, ...states: readonly string[]): Promise<void> =>
  recipientsBecome(scene.alice, "alice", sharing, ...states);

/** The subscription that a rule of Bob's made of a share, without anybody's answer. */
async function followedByItself(title: string): Promise<{ notification: string; subscription: string }> {
  const { id: notification } = await notificationIn(scene.bob, title, "followed");
  return { notification, subscription: await subscriptionIn(scene.bob, notification, "SUBSCRIBED") };
}

// The first test: the others are about two who know each other.
test("Alice's invitation comes by mail; Bob says yes, and both know each other", async () => {
  const command = ["sharing", "invite", "alice", addressOf("bob"), "--title", "Our reports"];
  const { sharingId } = await scene.alice.usherJson<{ readonly sharingId: string }>(...command);
  const invitation = await heldFrom(scene.bob, "bob", { host: scene.alice.host, protocol: "ocm-invite" });
  await atAlice(sharingId, "pending");
  await accept(scene.bob, "bob", invitation);
  await comesTo(scene.bob, invitation, "followed");
  expect(await knownTo(scene.bob, "bob")).toEqual([scene.alice.addressOf("alice")]);
  expect(await knownTo(scene.alice, "alice")).toEqual([scene.bob.addressOf("bob")]);
  const shown = await scene.alice.usher("sharing", "show", sharingId);
  expect(shown.out).toMatch(new RegExp(`${addressOf("bob")} +accepted`));
});

test("what Alice shares then is accepted by Bob's rule, read whole and in part, and gone when she takes it back", async () => {
  const sharing = await share("Reports", ["bob"]);
  const { notification, subscription } = await followedByItself("Reports");
  await atAlice(sharing, "accepted");
  const { out } = await scene.bob.usher("notification", "explain", notification);
  expect(out).toContain(`${scene.alice.host} signed it with its key`);
  const { keys } = await scene.bob.usherJson<{ readonly keys: readonly object[] }>(
    "doctor",
    "peer",
    scene.alice.host,
  );
  expect(keys).toMatchObject([{ scheme: "rfc9421", conflict: null }]);
  const names = (await browsed(scene.bob, subscription)).map(({ name }) => name);
  expect(names.toSorted()).toEqual(["2026 & more", "digits.txt", "photo.raw", "sums.csv"]);
  const copy = join(scene.bob.world.directory, "photo.raw");
  await done(scene.bob, "subscription", "get", subscription, "photo.raw", "--output", copy);
  expect(bytes.equals(await readFile(copy))).toBe(true);
  const path = `/subscriptions/${subscription}/content?path=digits.txt`;
  const part = await scene.bob.api("bob", "GET", path, undefined, { range: "bytes=12-15" });
  expect(part).toMatchObject({ status: 206, text: "2345" });
  // The daemon and the commands use one token.
  const { asked } = scene.alice.front;
  expect(asked.filter((each) => each.path === "/ocm/token")).toHaveLength(1);
  await done(scene.alice, "sharing", "revoke", sharing);
  await subscriptionIn(scene.bob, notification, "REMOVED");
  await atAlice(sharing, "revoked");
  expect((await scene.bob.api("bob", "GET", path)).status).toBeGreaterThanOrEqual(400);
});

test("Bob opens by tokens what opens by tokens alone, and leaves, and Alice is told", async () => {
  const sharing = await share("Left", ["bob"], "--exchange-token");
  const { subscription } = await followedByItself("Left");
  await atAlice(sharing, "accepted");
  expect(await content(scene.bob, "bob", subscription, "2026 & more/plan ü.txt")).toBe("The plan.");
  await done(scene.bob, "subscription", "remove", subscription);
  await atAlice(sharing, "refused");
});

test("Carla never met Alice: her rule counts for nothing, and Alice is told that she declines", async () => {
  const sharing = await share("Strange", ["carla"]);
  const notification = await held(scene.bob, "Strange");
  await atAlice(sharing, "pending");
  const { out } = await scene.bob.usher("notification", "explain", notification);
  expect(out).toContain("nobody whom the account has exchanged an invitation with, or trusts");
  bodyOf(await scene.bob.api("carla", "POST", `/notifications/${notification}/refuse`));
  await atAlice(sharing, "refused");
});

describe("a daemon is killed", () => {
  test("Bob's, when Alice had his answer and he did not know", async () => {
    const answered = scene.alice.front.hold(({ path }) => path === "/ocm/notifications", "answered");
    const sharing = await share("Killed Bob", ["bob"]);
    await answered.reached;
    await scene.bob.daemon.end("SIGKILL");
    answered.drop();
    await scene.bob.start();
    await oneInTheEnd(sharing, "Killed Bob");
  });

  test("Alice's, when Bob had her share and she did not know", async () => {
    const taken = scene.bob.front.hold(({ path }) => path === "/ocm/shares", "answered");
    const sharing = await share("Killed Alice", ["bob"]);
    await taken.reached;
    await scene.alice.daemon.end("SIGKILL");
    taken.drop();
    await scene.alice.start();
    await oneInTheEnd(sharing, "Killed Alice");
  });
});

describe("one side is down", () => {
  test("Alice's, when Carla accepts: she follows once Alice is back", async () => {
    const sharing = await share("Absent Alice", ["carla", "bob"]);
    await atAlice(sharing, "pending", "accepted");
    const notification = await heldOf("carla", "Absent Alice");
    const before = toldAt(scene.alice);
    scene.alice.front.behave("down");
    await accept(scene.bob, "carla", notification);
    await until("Alice was told", () => toldAt(scene.alice) > before);
    scene.alice.front.behave(null);
    await comesTo(scene.bob, notification, "followed");
    await atAlice(sharing, "accepted", "accepted");
  });

  test("Bob's, when Alice takes a share back: nothing opens it, and he hears of it once he is back", async () => {
    const sharing = await share("Absent Bob", ["bob"]);
    const { notification, subscription } = await followedByItself("Absent Bob");
    await atAlice(sharing, "accepted");
    const before = toldAt(scene.bob);
    scene.bob.front.behave("down");
    await done(scene.alice, "sharing", "revoke", sharing);
    await until("Bob was told", () => toldAt(scene.bob) > before);
    await expect(gotten(scene.bob, subscription, "sums.csv")).rejects.toThrow("gone or was taken back");
    scene.bob.front.behave(null);
    await untilDue(scene.alice, "Bob was told", async () => {
      const rows = scene.bob.store.db.selectFrom("subscription").select("state");
      return (await rows.where("notification_id", "=", notification).execute())[0]?.state === "REMOVED";
    });
  });
});

/** How often somebody tried to tell a site what became of a share. */
function toldAt({ front }: FederationSite): number {
  return front.asked.filter(({ path }) => path === "/ocm/notifications").length;
}

/** What one of several recipients is asked. */
async function heldOf(name: string, title: string): Promise<string> {
  const found = async () =>
    scene.bob.store.db
      .selectFrom("notification")
      .innerJoin("account", "account.id", "notification.account_id")
      .select("notification.id")
      .where("account.name", "=", name)
      .where("notification.title", "=", title)
      .where("notification.state", "=", "held")
      .execute();
  await whenAt(scene.bob, `${name} is asked`, async () => (await found()).length, 1);
  return (await found())[0]?.id ?? "";
}

/** What waits for its next try at recipients' servers is tried at once, until something holds. */
async function untilDue(site: FederationSite, what: string, holds: () => Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      await makeJobsDue(site, "tell-peer");
      return holds();
    },
    () => site.daemon.text().slice(-3000),
  );
}

/** One notification, one subscription, and one acceptance in Alice's story, whatever was repeated. */
async function oneInTheEnd(sharing: string, title: string): Promise<void> {
  await untilDue(scene.alice, "it is followed", async () => {
    await makeJobsDue(scene.bob, "follow");
    return (await notificationsTitled(scene.bob, title))[0]?.state === "followed";
  });
  expect(await notificationsTitled(scene.bob, title)).toHaveLength(1);
  const { subscription } = await followedByItself(title);
  expect(await gotten(scene.bob, subscription, "sums.csv")).toBe("1,2,3");
  await atAlice(sharing, "accepted");
  const records = await scene.alice.store.db
    .selectFrom("record")
    .select("detail_json")
    .where("sharing_id", "=", sharing)
    .where("kind", "=", "outcome")
    .execute();
  const whats = records.map(({ detail_json: text }) => (JSON.parse(text) as { readonly what: string }).what);
  expect(whats.filter((what) => what === "accepted")).toHaveLength(1);
}
