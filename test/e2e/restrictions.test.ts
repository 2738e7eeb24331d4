import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NotificationTable } from "../../src/store/schema.ts";
import { shareMail, type ShareMailOptions } from "../world/share-mail.ts";
import { addressOf } from "../world/world.ts";
import {
  deliverAndFind,
  notificationIn,
  notificationsTitled,
  openScene,
  outcomesOf,
  type Scene,
  subscriptionOf,
  until,
} from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => {
  // Whatever was asked of the origin, it was asked politely, and no guest was left logged in.
  expect(scene.world.origin.refusals()).toEqual([]);
  expect(scene.world.origin.openSessions()).toBe(0);
  await scene[Symbol.asyncDispose]();
});

const bob = addressOf("bob");
const sharer = { name: "Alice Sender", address: "alice@origin.example" };

/** A mail to bob about any link. */
function mailOf(link: string, title: string, more: Partial<ShareMailOptions> = {}): string {
  return shareMail({ link, sharer, recipient: bob, title, ...more });
}

/** A guest of the origin, bob unless said otherwise, and a folder of a module that he sees. */
function guestWith(
  id: string,
  change: { readonly mail?: string | null; readonly module?: string } = {},
): string {
  const { origin } = scene.world;
  const { token } = origin.addGuest({ mail: change.mail === undefined ? bob : change.mail });
  const files = [{ id: "1", name: "quay.odt", sizeBytes: 100 }];
  origin.addFolder({
    id,
    title: `Folder ${id}`,
    module: change.module ?? "infostore",
    files,
    guests: [token],
  });
  return token;
}

/** The reason stands in every place where a person looks for it. */
async function expectReason(
  id: string,
  state: NotificationTable["state"],
  reason: string,
  words: RegExp,
): Promise<void> {
  const shown = await scene.usherJson<object>("notification", "show", id);
  expect(shown).toMatchObject({ state, reason, detail: expect.stringMatching(words) });
  const explained = await scene.usher("notification", "explain", id);
  expect(explained.out).toContain(`now: ${state} (${reason})`);
  const standing = scene.store.db.selectFrom("subscription").select("id").where("notification_id", "=", id);
  expect(await standing.where("ended_at", "is", null).execute()).toEqual([]);
}

async function acceptAndWait(id: string, ...more: readonly string[]) {
  return scene.usher("notification", "accept", id, "--wait", ...more);
}

async function passwordFile(password: string): Promise<string> {
  const file = join(scene.world.directory, `${password}.pw`);
  await writeFile(file, password, { mode: 0o600 });
  return file;
}

describe("what the mail alone forbids, without any request", () => {
  test.each([
    [
      "an anonymous link",
      "anonymous-link",
      /only shares to a named guest/,
      { type: "link-created" as const },
      {},
    ],
    [
      "a single file",
      "single-file",
      /only folders can be followed/,
      { kind: "file" as const },
      { item: "1" },
    ],
  ])("%s", async (title, reason, words, mail, link) => {
    const { origin } = scene.world;
    const folder = reason === "single-file" ? "5001" : "5002";
    const token = guestWith(folder);
    const { id } = await deliverAndFind(
      scene,
      mailOf(origin.link(token, folder, link), title, mail),
      title,
      "failed",
    );
    await expectReason(id, "failed", reason, words);
    const run = await acceptAndWait(id);
    expect(run.code).toBe(1);
    await expectReason(id, "failed", reason, words);
    expect(origin.counters().linkOpens[token]).toBeUndefined();
  });

  test.each([
    ["a calendar without a home server", "calendar", "calendar-needs-home", /account home add/],
    ["an address book", "contacts", "module-unsupported", /Address books and task lists/],
    ["a task list", "tasks", "module-unsupported", /Address books and task lists/],
  ])("%s", async (title, module, reason, words) => {
    const { origin } = scene.world;
    const folder = `51-${module}`;
    const token = guestWith(folder, { module });
    const { id } = await deliverAndFind(scene, mailOf(origin.link(token, folder), title), title, "failed");
    await expectReason(id, "failed", reason, words);
    expect(origin.counters().linkOpens[token]).toBeUndefined();
  });

  test("a link without a folder", async () => {
    const token = guestWith("5200");
    const title = "No folder";
    const mail = mailOf(scene.world.origin.link(token, null), title);
    const { id } = await deliverAndFind(scene, mail, title, "failed");
    await expectReason(id, "failed", "no-folder", /names no folder/);
  });

  test("the confirmation of a guest's new password leads to nothing", async () => {
    const token = guestWith("5201");
    const mail = mailOf(scene.world.origin.link(token, null), "Reset", { type: "confirm-pwreset" });
    const before = await scene.usherJson<readonly unknown[]>("notification", "list");
    await scene.world.deliver("bob", mail);
    await until("the mail is passed over", () =>
      scene.daemon.log.some(
        (line) =>
          line.event === "mail-passed-over" && line["reason"] === "ox confirm-pwreset: nothing to follow",
      ),
    );
    expect(await scene.usherJson("notification", "list")).toEqual(before);
    expect(scene.world.origin.counters().linkOpens[token]).toBeUndefined();
  });

  test("a module that the account does not have", async () => {
    await scene.usherJson(
      "account",
      "add",
      "nofiles",
      "--address",
      addressOf("nofiles"),
      "--module",
      "calendar",
    );
    const login = ["--server", "local", "--login", addressOf("nofiles"), "--master"];
    await scene.usherJson("mailbox", "add", "nofiles", ...login);
    const share = scene.world.share(addressOf("nofiles"), { title: "No files" });
    await scene.world.deliver("nofiles", share.mail);
    const { id } = await notificationIn(scene, "No files", "failed");
    await expectReason(id, "failed", "module-not-available", /does not have the module/);
    expect(scene.world.origin.counters().linkOpens[share.token]).toBeUndefined();
  });
});

describe("what the origin tells after the account's yes", () => {
  test("a share for another address, as in a forwarded mail", async () => {
    const token = guestWith("5300", { mail: "carla@elsewhere.example" });
    const title = "For somebody else";
    const { id } = await deliverAndFind(scene, mailOf(scene.world.origin.link(token, "5300"), title), title);
    const run = await acceptAndWait(id);
    expect(run.out).toContain("made for another address");
    await expectReason(id, "failed", "wrong-account", /invite one of the account's addresses/);
    expect(await outcomesOf(scene, id)).toEqual(["follow wrong-account"]);
  });

  test("an anonymous guest, though the mail called him named", async () => {
    const token = guestWith("5301", { mail: null });
    const title = "Secretly anonymous";
    const { id } = await deliverAndFind(scene, mailOf(scene.world.origin.link(token, "5301"), title), title);
    await acceptAndWait(id);
    await expectReason(id, "failed", "anonymous-guest", /only shares to a named guest/);
  });

  test("a share that was revoked before the answer", async () => {
    const { token, mail } = scene.world.share(bob, { title: "Gone already" });
    const { id } = await deliverAndFind(scene, mail, "Gone already");
    scene.world.origin.revoke(token);
    await acceptAndWait(id);
    await expectReason(id, "failed", "share-revoked", /gone or was revoked; ask the sharer to share again/);
  });

  test("a folder that is gone while another is left to the guest (message_continue)", async () => {
    const { origin } = scene.world;
    const { token, folder, mail } = scene.world.share(bob, { title: "Moved away" });
    origin.addFolder({ id: "5302", title: "Left over", guests: [token] });
    const { id } = await deliverAndFind(scene, mail, "Moved away");
    origin.hideFolder(token, folder);
    await acceptAndWait(id);
    await expectReason(id, "failed", "folder-not-visible", /gone or not visible any more/);
    // A later mail names the folder that is left: the same share, and now it can be followed.
    const later = mailOf(origin.link(token, "5302"), "Left over");
    await scene.world.deliver("bob", later);
    await notificationIn(scene, "Moved away", "held");
    await acceptAndWait(id);
    await notificationIn(scene, "Moved away", "followed");
    expect((await scene.usher("subscription", "show", (await subscriptionOf(scene, id)).id)).out).toContain(
      "Left over",
    );
  });

  test("a guest password: asked for, wrong, right", async () => {
    const { origin } = scene.world;
    const { token, mail } = scene.world.share(bob, { title: "Locked", password: "Kite-81" });
    const { id } = await deliverAndFind(scene, mail, "Locked");
    await acceptAndWait(id);
    await expectReason(id, "needs-password", "guest-password-needed", /give Usher that password/);
    // A login without a password would be a failed one at the origin.
    expect(origin.guestLogins(token)).toEqual({ successful: 0, failed: 0 });
    await acceptAndWait(id, "--password-file", await passwordFile("Kite-80"));
    await expectReason(id, "needs-password", "guest-password-rejected", /give Usher the right one/);
    expect(origin.guestLogins(token)).toEqual({ successful: 0, failed: 1 });
    const run = await acceptAndWait(id, "--password-file", await passwordFile("Kite-81"));
    expect([run.code, run.out]).toEqual([0, `${id} is followed.\n`]);
    expect(origin.guestLogins(token)).toEqual({ successful: 1, failed: 1 });
  });

  test("a session that expires in the middle is opened again", async () => {
    const { origin } = scene.world;
    const { token, mail } = scene.world.share(bob, { title: "Expiring" });
    const { id } = await deliverAndFind(scene, mail, "Expiring");
    const enough = Promise.withResolvers<undefined>();
    origin.misbehave({ kind: "held", until: enough.promise }, "api", 1);
    const before = origin.requests().length;
    const answering = acceptAndWait(id);
    await until("a call is under way", () =>
      origin
        .requests()
        .slice(before)
        .some(({ place }) => place === "api"),
    );
    origin.expireSessions(token);
    enough.resolve(undefined);
    expect((await answering).out).toBe(`${id} is followed.\n`);
    expect(origin.guestLogins(token)).toEqual({ successful: 2, failed: 0 });
  });
});

test("two mails about two folders of one guest are one subscription", async () => {
  const { origin } = scene.world;
  const { token, folder, mail } = scene.world.share(bob, { title: "First of two" });
  origin.addFolder({ id: "5400", title: "Second of two", guests: [token] });
  const { id } = await deliverAndFind(scene, mail, "First of two");
  await acceptAndWait(id);
  await scene.world.deliver("bob", mailOf(origin.link(token, "5400", { version: 2 }), "Second of two"));
  const { id: subscription } = await subscriptionOf(scene, id);
  await until("both folders are behind it", async () => {
    const shown = await scene.usherJson<{ folders: readonly { folder: string }[] }>(
      "subscription",
      "show",
      subscription,
    );
    return shown.folders.map((each) => each.folder).join() === [folder, "5400"].join();
  });
  expect(await notificationsTitled(scene, "Second of two")).toEqual([]);
  expect((await subscriptionOf(scene, id)).id).toBe(subscription);
});

test("a followed share is not shared further", async () => {
  const { link, mail } = scene.world.share(bob, { title: "Not to be passed on" });
  await scene.world.configure({
    smtp: { host: "127.0.0.1", port: 9, tls: "none", from: { address: "usher@recipient.example" } },
  });
  const { id } = await deliverAndFind(scene, mail, "Not to be passed on");
  await acceptAndWait(id);
  const to = ["--title", "Passed on", "--to", "carla@elsewhere.example"];
  const run = await scene.usher("sharing", "create", "--account", "bob", "--link", link, ...to);
  expect(run.code).toBe(1);
  expect(run.err).toContain("re-sharing: The link is one the account follows as a guest");
  expect(run.err).toContain("ask its owner to invite these people");
  expect(await scene.usherJson("sharing", "list")).toEqual([]);
});
