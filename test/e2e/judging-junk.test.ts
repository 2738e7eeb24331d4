import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, type Shared } from "../world/world.ts";
import { deliverAndFind, notificationIn, openScene, outcomesOf, type Scene, until } from "./scene.ts";

const bob = addressOf("bob");
/** The server says of this folder that it is for junk (RFC 6154); nothing in its name does. */
const junkFolder = "Unsolicited";

let scene: Scene;
beforeAll(async () => {
  const policy = [{ when: { senderDomain: "origin.example" }, then: "accept", notify: true }];
  scene = await openScene({
    postfix: true,
    config: { policy, mailbox: { pollEvery: "1s" } },
    accounts: [],
  });
  const { dovecot } = scene.world;
  await scene.usherJson("account", "add", "bob", "--address", bob);
  for (const folder of [junkFolder, "Spam", "Aside"]) {
    await dovecot.doveadm("mailbox", "create", "-u", bob, folder);
  }
  const hookUp = ["--server", "local", "--login", bob, "--master"];
  await scene.usherJson("mailbox", "add", "bob", ...hookUp, "--folder", "INBOX", junkFolder, "Spam");
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** Accepted by the rule, wherever it may lie. */
function share(title: string): Shared {
  return scene.world.share(bob, { title, files: ["quay.odt"], isAuthenticated: true });
}

/** Delivers to a folder that is not watched, and takes the mail to another one from there. */
async function deliverInto(folder: string, mail: string, title: string): Promise<void> {
  await saveAside(mail);
  await move("Aside", folder, title);
}

async function saveAside(mail: string): Promise<void> {
  const { dovecot } = scene.world;
  const file = join(dovecot.directory, "aside.eml");
  await writeFile(file, mail);
  await chmod(file, 0o644);
  await dovecot.doveadm("save", "-u", bob, "-m", "Aside", file);
}

async function move(from: string, to: string, title: string): Promise<void> {
  await scene.world.dovecot.doveadm("move", "-u", bob, to, "mailbox", from, "subject", `"${title}"`);
}

function expectNotVisited({ token }: Shared): void {
  expect(scene.world.origin.counters().linkOpens[token]).toBeUndefined();
}

async function noticesOf(id: string): Promise<number> {
  const notices = scene.store.db.selectFrom("notice").select("id").where("notification_id", "=", id);
  return (await notices.execute()).length;
}

describe("a share mail in Junk", () => {
  test.each([
    ["the folder that the server names for junk", junkFolder],
    ["a folder that is called Spam", "Spam"],
  ])(
    "(%s) is held, told to nobody and accepted by nobody; moved to INBOX it is judged",
    async (_, folder) => {
      const title = `Out of ${folder}`;
      const shared = share(title);
      await deliverInto(folder, shared.mail, title);
      const { id, reason, detail } = await notificationIn(scene, title, "held");
      expect(reason).toBe("junk");
      expect(detail).toContain("move it to the inbox to have it judged");
      const { out } = await scene.usher("notification", "explain", id);
      expect(out).toContain("junk: the mail lies in Junk, or is marked as such");
      expect(out).toContain("rule 1 of the site: matches");
      expect(out).toContain("The mail is not believed: it lies in Junk.");
      const run = await scene.usher("notification", "accept", id, "--wait");
      expect([run.code, run.err]).toEqual([1, expect.stringContaining("such mail is never acted on")]);
      expectNotVisited(shared);
      expect(await noticesOf(id)).toBe(0);

      await move(folder, "INBOX", title);
      expect((await notificationIn(scene, title, "followed")).id).toBe(id);
      expect(await outcomesOf(scene, id)).toContain("follow well");
      expect(scene.world.origin.guestLogins(shared.token)).toEqual({ successful: 1, failed: 0 });
    },
  );

  test.each(["$Junk", "$Phishing"])(
    "(marked %s in INBOX) is held, until the mark is gone",
    async (keyword) => {
      const title = `Marked ${keyword.slice(1)}`;
      const shared = share(title);
      const { dovecot } = scene.world;
      await saveAside(shared.mail);
      const query = ["mailbox", "Aside", "subject", `"${title}"`];
      await dovecot.doveadm("flags", "add", "-u", bob, keyword, ...query);
      await move("Aside", "INBOX", title);
      const { reason } = await notificationIn(scene, title, "held");
      expect(reason).toBe("junk");
      expectNotVisited(shared);
      const inbox = ["mailbox", "INBOX", "subject", `"${title}"`];
      await dovecot.doveadm("flags", "remove", "-u", bob, keyword, ...inbox);
      const [, messageId = ""] = /^Message-ID: (<.*>)/m.exec(shared.mail) ?? [];
      const replayed = await scene.usher("replay", "--message-id", messageId, "--apply");
      expect(replayed.out).toContain("held (junk) -> accepted (policy)");
      await notificationIn(scene, title, "followed");
      expect(scene.world.origin.guestLogins(shared.token)).toEqual({ successful: 1, failed: 0 });
    },
  );

  test("that comes after the same mail in INBOX, or is moved to Junk afterwards, takes nothing back", async () => {
    const shared = share("Good before");
    const { id } = await deliverAndFind(scene, shared.mail, "Good before", "followed");
    await deliverInto("Spam", shared.mail, "Good before");
    await move("INBOX", junkFolder, "Good before");
    await until("all three mails were read", async () => {
      const read = scene.store.db.selectFrom("message").select("id").where("notification_id", "=", id);
      return (await read.where("state", "=", "read").execute()).length === 3;
    });
    expect((await notificationIn(scene, "Good before", "followed")).id).toBe(id);
    expect(scene.world.origin.guestLogins(shared.token)).toEqual({ successful: 1, failed: 0 });
  });
});
