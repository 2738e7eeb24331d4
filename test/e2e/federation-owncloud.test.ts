import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApplication } from "../world/application/application.ts";
import type { Stage } from "../world/ocm/stage.ts";
import type { Owncloud } from "../world/owncloud/owncloud.ts";
import { addressOf } from "../world/world.ts";
import {
  comesTo,
  done,
  federate,
  fillApplication,
  heldFrom,
  lookAgain,
  recipientsBecome,
} from "./federation-acts.ts";
import { nextcloud, owncloud, shareFrom, takenAt } from "./federation-clouds.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn } from "./followed.ts";
import { until } from "./scene.ts";

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  "oc.example": owncloud,
  "nc32.example": nextcloud({ generation: 32 }),
} as const;

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;
const peer = (): Owncloud => scene.peers["oc.example"];

beforeAll(async () => {
  scene = await openFederation(starters);
  fillApplication(scene.peers["files.example"]);
});
afterAll(async () => scene[Symbol.asyncDispose]());

test("a folder of ownCloud is held, accepted, read, and lost when it is taken back", async () => {
  const files = { "ebb & flow/moon.txt": "full", "low.txt": "dry" };
  const share = await shareFrom(peer(), scene.bob.addressOf("bob"), { name: "Tides", files });
  const notification = await held(scene.bob, "Tides");
  const { out } = await scene.bob.usher("notification", "explain", notification);
  expect(out).toContain("sender: nobody vouches for him, for nothing is signed");
  expect(out).not.toContain("uid");
  await done(scene.bob, "notification", "accept", notification);
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  expect(share.state).toBe("accepted");
  const names = (await browsed(scene.bob, subscription)).map(({ name }) => name);
  expect(names).toEqual(["ebb & flow", "low.txt"]);
  expect(await gotten(scene.bob, subscription, "ebb & flow/moon.txt")).toBe("full");
  await peer().unshare(share);
  await subscriptionIn(scene.bob, notification, "REMOVED");
});

test("ownCloud hears that Bob leaves one share, and wants nothing of another", async () => {
  const bobs = scene.bob.addressOf("bob");
  const leaving = await shareFrom(peer(), bobs, { name: "Left", files: { "a.txt": "A" } });
  const refusing = await shareFrom(peer(), bobs, { name: "refused.txt", file: "B" });
  const notification = await held(scene.bob, "Left");
  await accept(scene.bob, "bob", notification);
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  bodyOf(await scene.bob.api("bob", "POST", `/notifications/${await held(scene.bob, "refused.txt")}/refuse`));
  await until("one is declined", () => refusing.state === "declined");
  await done(scene.bob, "subscription", "remove", subscription);
  expect(leaving.state).toBe("left");
});

test("a rule that accepts whatever is shared waits for Carla's word, since ownCloud signs nothing", async () => {
  const rules = join(scene.bob.world.directory, "rules-of-carla.yaml");
  await writeFile(rules, "policy:\n  - {when: {protocol: federated-share}, then: accept}\n");
  await done(scene.bob, "policy", "set", "carla", rules);
  await shareFrom(peer(), scene.bob.addressOf("carla"), { name: "For Carla", files: { "a.txt": "A" } });
  const { out } = await scene.bob.usher("notification", "explain", await held(scene.bob, "For Carla"));
  expect(out).toContain("rule 1 of the account says accept");
  expect(out).toContain("is not believed: its sender is not authenticated");
});

test("a user of ownCloud reads what Bob shares, and another wants nothing of it", async () => {
  const application = scene.peers["files.example"];
  const to = [peer().address("ada"), peer().address("zoe")];
  const sharing = await federate(scene.bob, "bob", application, { path: "Reports/", title: "Reports", to });
  await recipientsBecome(scene.bob, "bob", sharing, "pending", "pending");
  const [adas, zoes] = ["ada", "zoe"].map((uid) =>
    peer()
      .taken()
      .find(({ user }) => user === uid),
  );
  if (adas === undefined || zoes === undefined) throw new Error("The cloud has not both.");
  await peer().accept(adas);
  await peer().decline(zoes);
  await recipientsBecome(scene.bob, "bob", sharing, "accepted", "refused");
  expect((await peer().list(adas)).map(({ path }) => path)).toEqual(["", "2026 & more", "sums.csv"]);
  expect((await peer().read(adas, "2026 & more/plan ü.txt")).text).toBe("The plan.");
  expect((await peer().read(zoes, "sums.csv")).status).toBe(401);
  await done(scene.bob, "sharing", "revoke", sharing);
  expect((await peer().read(adas, "sums.csv")).status).toBe(401);
  await until("it is gone there", () => adas.state === "unshared");
});

test("a public link that was mailed is followed as it is, until it is taken back", async () => {
  const link = peer().link({ name: "Sand", files: { "quay.txt": "grains" } });
  await scene.bob.world.deliver("bob", peer().linkMail(link, addressOf("bob"), { note: "As you wished." }));
  const notification = await held(scene.bob, "Sand");
  await accept(scene.bob, "bob", notification);
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  expect(await gotten(scene.bob, subscription, "quay.txt")).toBe("grains");
  expect(
    peer()
      .sent()
      .map(({ name }) => name),
  ).not.toContain("Sand");
  peer().unlink(link.token);
  await lookAgain(scene.bob, subscription);
  await subscriptionIn(scene.bob, notification, "REMOVED");
});

test("an account at home at an ownCloud answers there what a notice tells of", async () => {
  const [home, nc32] = [peer(), scene.peers["nc32.example"]];
  const file = join(scene.alice.world.directory, "password-at-home");
  await writeFile(file, home.appPassword("alice"));
  const at = ["--owncloud", home.origin, "--login", "alice", "--password-file", file];
  await done(scene.alice, "account", "home", "add", "alice", ...at);
  await done(scene.alice, "account", "home", "test", "alice");
  const wanted = await shareFrom(nc32, home.address("alice"), { name: "Nets", files: { "a.txt": "A" } });
  // How ownCloud itself would word it is not known; a notice counts by its words, whoever writes them.
  const notice = nc32.mails.activity(await takenAt(home, scene.alice, "Nets"));
  await scene.alice.world.deliver("alice", notice);
  const from = { host: nc32.host, protocol: "federated-share" } as const;
  const notification = await heldFrom(scene.alice, "alice", from);
  await done(scene.alice, "notification", "accept", notification);
  await comesTo(scene.alice, notification, "followed");
  expect(wanted.state).toBe("accepted");
});

test("ownCloud met nothing that no server does", () => {
  expect(peer().refusals()).toEqual([]);
});
