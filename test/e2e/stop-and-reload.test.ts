import { afterEach, beforeEach, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { deliverAndFind, notificationIn, openScene, type Scene, subscriptionOf, until } from "./scene.ts";

const bob = addressOf("bob");
let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.start();
});
afterEach(async () => scene[Symbol.asyncDispose]());

async function imapLog(): Promise<string> {
  const log = await scene.world.dovecot.log();
  return log
    .split("\n")
    .filter((line) => line.includes(`imap(${bob})`))
    .join("\n");
}

test.each(["SIGTERM", "SIGINT"] as const)("%s ends in order, with LOGOUT and exit code 0", async (signal) => {
  await scene.daemon.waitFor("mailbox-connected");
  const code = await scene.daemon.end(signal);
  expect(code).toBe(0);
  expect(scene.daemon.log.at(-1)?.event).toBe("stopping");
  expect(scene.daemon.log.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  await until("the mail server saw a LOGOUT", async () => (await imapLog()).includes("Logged out"), imapLog);
});

test("a stop lets the visit that is under way end, with its logout and its record", async () => {
  const { origin } = scene.world;
  const { mail, token } = scene.world.share(bob, { title: "Just in time", files: ["quay.odt"] });
  const { id } = await deliverAndFind(scene, mail, "Just in time");
  const enough = Promise.withResolvers<undefined>();
  origin.misbehave({ kind: "held", until: enough.promise }, "link", 1);
  await scene.usher("notification", "accept", id);
  await until("the origin is asked", () => origin.requests().length > 0);
  const ended = scene.daemon.end("SIGTERM");
  await scene.daemon.waitFor("stopping");
  enough.resolve(undefined);
  expect(await ended).toBe(0);
  expect((await notificationIn(scene, "Just in time", "followed")).id).toBe(id);
  expect((await subscriptionOf(scene, id)).state).toBe("SUBSCRIBED");
  expect(origin.guestLogins(token)).toEqual({ successful: 1, failed: 0 });
  expect(origin.openSessions()).toBe(0);
});

test("a second signal ends at once with exit code 70, and the work is done by the next daemon", async () => {
  const { origin } = scene.world;
  const { mail } = scene.world.share(bob, { title: "Broken off", files: ["quay.odt"] });
  const { id } = await deliverAndFind(scene, mail, "Broken off");
  origin.misbehave({ kind: "slow", ms: 60_000 }, "link", 1);
  await scene.usher("notification", "accept", id);
  await until("the origin is asked", () => origin.requests().length > 0);
  const { daemon } = scene;
  const ended = daemon.end("SIGTERM");
  await daemon.waitFor("stopping");
  expect(await daemon.end("SIGTERM")).toBe(70);
  await ended;
  await scene.start();
  await notificationIn(scene, "Broken off", "followed");
});

test("SIGHUP applies a changed policy and a changed log level, and the mailbox stays connected", async () => {
  const { daemon, world } = scene;
  await world.configure({
    policy: [
      { when: { senderDomain: "origin.example" }, then: "accept" },
      { when: { account: "bob" }, then: "refuse" },
    ],
    log: { level: "debug" },
  });
  daemon.reload();
  const reloaded = await daemon.waitFor("reloaded");
  expect(reloaded["changed"]).toEqual(["log.level", "policy"]);
  const trusted = world.share(bob, { title: "Of a known sender", isAuthenticated: true });
  await world.deliver("bob", trusted.mail);
  await notificationIn(scene, "Of a known sender", "followed");
  const unknown = world.share(bob, { title: "Of anybody" });
  await world.deliver("bob", unknown.mail);
  // Mail of an unknown sender makes nobody act at another server: refuse becomes ignore.
  const ignored = await notificationIn(scene, "Of anybody", "ignored");
  expect(ignored.detail).toContain("rule 2 of the site says refuse. The mail is not believed");
  expect(world.origin.counters().linkOpens[unknown.token]).toBeUndefined();
  expect(daemon.log.some(({ level }) => level === "debug")).toBe(true);
  const connections = daemon.log.filter(({ event }) => /^mailbox-(connected|failed|fault)$/.test(event));
  expect(connections).toEqual([expect.objectContaining({ event: "mailbox-connected" })]);
});
