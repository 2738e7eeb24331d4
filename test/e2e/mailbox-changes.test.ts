import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf, type Shared } from "../world/world.ts";
import { notificationIn, notificationsTitled, openScene, type Scene, until } from "./scene.ts";

const bob = addressOf("bob");
let scene: Scene;
let known: Shared;
let markers = 0;

beforeAll(async () => {
  const policy = [{ when: { senderDomain: "origin.example" }, then: "accept" }];
  scene = await openScene({ config: { policy, mailbox: { pollEvery: "1s" } }, accounts: [] });
  const { dovecot } = scene.world;
  await scene.usherJson("account", "add", "bob", "--address", bob);
  await dovecot.doveadm("mailbox", "create", "-u", bob, "Archive");
  const hookUp = ["--server", "local", "--login", bob, "--master", "--folder", "INBOX", "Archive"];
  await scene.usherJson("mailbox", "add", "bob", ...hookUp);
  await scene.start();
  known = scene.world.share(bob, { title: "Known", files: ["quay.odt"], isAuthenticated: true });
  await scene.world.deliver("bob", known.mail);
  await notificationIn(scene, "Known", "followed");
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** How often a mail about the known share was found and read. */
async function readings(): Promise<number> {
  const [row] = await notificationsTitled(scene, "Known");
  const messages = scene.store.db.selectFrom("message").select("id").where("state", "=", "read");
  return (await messages.where("notification_id", "=", row?.id ?? "").execute()).length;
}

/** Waits until everything that lies in INBOX was dealt with: a mail behind it was found, and no work is left. */
async function dealtWith(): Promise<void> {
  markers += 1;
  const title = `Marker ${markers}`;
  await scene.world.deliver("bob", scene.world.share(bob, { title }).mail);
  await notificationIn(scene, title, "held");
  await noWorkLeft();
}

async function noWorkLeft(): Promise<void> {
  await until("no work is left", async () => {
    return (await scene.store.db.selectFrom("job").select("id").execute()).length === 0;
  });
}

/** One notification, one subscription, one visit at the origin, as before. */
async function nothingDoubled(): Promise<void> {
  expect(await notificationsTitled(scene, "Known")).toHaveLength(1);
  await notificationIn(scene, "Known", "followed");
  expect(await scene.usherJson("subscription", "list", "--ended")).toHaveLength(1);
  expect(scene.world.origin.guestLogins(known.token)).toEqual({ successful: 1, failed: 0 });
}

async function seenFlags(folder: string): Promise<readonly string[]> {
  return (await scene.world.dovecot.flags(bob, folder)).filter((flags) => flags.includes("\\Seen"));
}

test("the same mail delivered once more leads to nothing new", async () => {
  await scene.world.deliver("bob", known.mail);
  await dealtWith();
  expect(await readings()).toBe(2);
  await nothingDoubled();
});

test("the same mail copied and moved to another watched folder leads to nothing new", async () => {
  const { dovecot } = scene.world;
  const before = await readings();
  await dovecot.doveadm("copy", "-u", bob, "Archive", "mailbox", "INBOX", "subject", '"Known"');
  await until("the copies were read", async () => (await readings()) === before + 2);
  await dovecot.doveadm("move", "-u", bob, "Archive", "mailbox", "INBOX", "subject", '"Known"');
  await until("the moved ones were read", async () => (await readings()) === before + 4);
  await noWorkLeft();
  await nothingDoubled();
});

test("after another UIDVALIDITY all mail is looked at again, and nothing new comes of it", async () => {
  const { dovecot } = scene.world;
  await scene.world.deliver("bob", known.mail);
  await dealtWith();
  const before = await readings();
  const cursor = async () =>
    scene.store.db
      .selectFrom("mailbox_cursor")
      .select("uid_validity")
      .where("folder", "=", "INBOX")
      .executeTakeFirstOrThrow();
  const { uid_validity: old } = await cursor();
  await dovecot.setUidValidity(bob, "INBOX", old + 1000);
  await dealtWith();
  expect((await cursor()).uid_validity).toBe(old + 1000);
  await until("the mail was read again", async () => (await readings()) === before + 1);
  await nothingDoubled();
  for (const title of [1, 2, 3]) expect(await notificationsTitled(scene, `Marker ${title}`)).toHaveLength(1);
});

test("an INBOX made anew is watched, and a restored mail leads to nothing new", async () => {
  const { dovecot } = scene.world;
  await dovecot.recreateFolder(bob, "INBOX");
  await scene.world.deliver("bob", known.mail);
  await dealtWith();
  await nothingDoubled();
});

test("what a daemon missed while it was down leads to nothing new either", async () => {
  await scene.daemon.end("SIGKILL");
  await scene.world.deliver("bob", known.mail);
  await scene.start();
  await dealtWith();
  await nothingDoubled();
});

test("no mail was marked as seen, in no folder", async () => {
  expect(await scene.world.dovecot.flags(bob, "Archive")).not.toEqual([]);
  expect([...(await seenFlags("INBOX")), ...(await seenFlags("Archive"))]).toEqual([]);
});
