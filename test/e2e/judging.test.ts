import type { Selectable } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NotificationTable } from "../../src/store/schema.ts";
import { addressOf, authservId, type Shared, type ShareOptions } from "../world/world.ts";
import {
  deliverAndFind,
  makeJobsDue,
  notificationIn,
  openScene,
  outcomesOf,
  type Scene,
  subscriptionOf,
  until,
} from "./scene.ts";

const bob = addressOf("bob");

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ accounts: ["bob", "carla"] });
  const { host } = new URL(scene.world.origin.origin);
  const policy = [
    { when: { senderDomain: "origin.example" }, then: "accept" },
    { when: { originHost: host, senderDomain: "partner.example" }, then: "accept" },
    { when: { senderDomain: "unwanted.example" }, then: "ignore" },
  ];
  await scene.world.configure({ policy });
  await scene.start();
});
afterAll(async () => {
  // Whatever was asked of the origin, it was asked politely, and no guest was left logged in.
  expect(scene.world.origin.refusals()).toEqual([]);
  expect(scene.world.origin.openSessions()).toBe(0);
  await scene[Symbol.asyncDispose]();
});

/** A share to bob in a mail that is authenticated for a domain. */
function shareFrom(domain: string, title: string, more: Partial<ShareOptions["mail"]> = {}): Shared {
  const mail = {
    sharer: { name: "Alice Sender", address: `alice@${domain}` },
    authenticationResults: `${authservId}; dmarc=pass header.from=${domain}`,
    ...more,
  };
  return scene.world.share(bob, { title, files: ["quay.odt"], mail });
}

/** Without a word of the receiving server about its sender. */
function anonymousShare(title: string): Shared {
  return scene.world.share(bob, { title, files: ["quay.odt"] });
}

/** The notification of one account, as soon as it is in that state. */
async function notificationFor(
  account: string,
  title: string,
  state: NotificationTable["state"],
): Promise<Selectable<NotificationTable>> {
  const find = async () =>
    scene.store.db
      .selectFrom("notification")
      .innerJoin("account", "account.id", "notification.account_id")
      .selectAll("notification")
      .where("account.name", "=", account)
      .where("title", "=", title)
      .execute();
  await until(
    `"${title}" of ${account} is ${state}`,
    async () => (await find())[0]?.state === state,
    async () => [await find(), scene.daemon.text().slice(-2000)],
  );
  const [row, ...more] = await find();
  if (row === undefined || more.length > 0)
    throw new Error(`${account} has not one notification "${title}".`);
  return row;
}

/** Who asked the origin for this guest: nobody. */
function expectNotVisited(token: string): void {
  const { origin } = scene.world;
  expect(origin.counters().linkOpens[token]).toBeUndefined();
  expect(origin.guestLogins(token)).toEqual({ successful: 0, failed: 0 });
}

function expectVisitedOnce(token: string): void {
  expect(scene.world.origin.counters().linkOpens[token]).toBe(1);
  expect(scene.world.origin.guestLogins(token)).toEqual({ successful: 1, failed: 0 });
}

describe("a rule that accepts", () => {
  test("an authenticated sender of the origin's own domain has the share followed, with nobody asked", async () => {
    const { token, mail } = shareFrom("origin.example", "Own domain");
    const { id } = await deliverAndFind(scene, mail, "Own domain", "followed");
    expect(await outcomesOf(scene, id)).toEqual(["follow well"]);
    expect((await subscriptionOf(scene, id)).state).toBe("SUBSCRIBED");
    expectVisitedOnce(token);
  });

  test("an authenticated sender below that domain counts, one that only ends like it does not", async () => {
    const below = shareFrom("mail.origin.example", "Below");
    const alike = shareFrom("theorigin.example", "Ends alike");
    await deliverAndFind(scene, below.mail, "Below", "followed");
    const { id } = await deliverAndFind(scene, alike.mail, "Ends alike");
    const { out } = await scene.usher("notification", "explain", id);
    expect(out).toContain("authenticated sender domain is theorigin.example, not within origin.example");
    expectVisitedOnce(below.token);
    expectNotVisited(alike.token);
  });

  test("by name an origin of another domain than the sender's, has its share followed", async () => {
    const { token, mail } = shareFrom("partner.example", "Known origin");
    const { id } = await deliverAndFind(scene, mail, "Known origin", "followed");
    const { out } = await scene.usher("notification", "explain", id);
    expect(out).toContain("rule 2 of the site: matches");
    expect(out).toContain("origin and sender: of different domains");
    expectVisitedOnce(token);
  });

  test("does nothing for the same mail without a word of the receiving server", async () => {
    const { token, mail } = anonymousShare("Unknown sender");
    const { id } = await deliverAndFind(scene, mail, "Unknown sender");
    const { out } = await scene.usher("notification", "explain", id);
    expect(out).toContain("the sender is not authenticated, so senderDomain origin.example cannot hold");
    expect(out).toContain("no rule matched, and the default is to hold");
    expectNotVisited(token);
  });
});

describe("the account's own word", () => {
  test("accepts what no rule accepts", async () => {
    const { token, mail } = anonymousShare("By command");
    const { id } = await deliverAndFind(scene, mail, "By command");
    const run = await scene.usher("notification", "accept", id, "--wait");
    expect([run.code, run.out]).toEqual([0, `${id} is followed.\n`]);
    expectVisitedOnce(token);
  });

  test("ignores, also by a rule, and the origin hears nothing of it", async () => {
    const byHand = anonymousShare("Ignored by hand");
    const byRule = shareFrom("unwanted.example", "Ignored by rule");
    const { id } = await deliverAndFind(scene, byHand.mail, "Ignored by hand");
    expect((await scene.usher("notification", "ignore", id)).code).toBe(0);
    const ruled = await deliverAndFind(scene, byRule.mail, "Ignored by rule", "ignored");
    expect(ruled).toMatchObject({ reason: "policy", detail: "By policy: rule 3 of the site says ignore." });
    // The same mail once more, and a better one, change nothing about the account's own answer.
    await scene.world.deliver("bob", byHand.mail);
    await deliverAndFind(scene, shareFrom("origin.example", "Behind it").mail, "Behind it", "followed");
    expect((await notificationIn(scene, "Ignored by hand", "ignored")).reason).toBe("answered");
    expectNotVisited(byHand.token);
    expectNotVisited(byRule.token);
  });
});

describe("a share that a rule accepts", () => {
  test("and that was made for another address, fails with that reason, and nothing stands", async () => {
    const { origin } = scene.world;
    const { token } = origin.addGuest({ mail: "dave@elsewhere.example" });
    origin.addFolder({ id: "8100", title: "For dave", guests: [token] });
    const { mail } = shareFrom("origin.example", "For dave", { link: origin.link(token, "8100") });
    const { id, reason } = await deliverAndFind(scene, mail, "For dave", "failed");
    expect(reason).toBe("wrong-account");
    expect(await outcomesOf(scene, id)).toEqual(["follow wrong-account"]);
    const standing = scene.store.db.selectFrom("subscription").select("id").where("notification_id", "=", id);
    expect(await standing.execute()).toEqual([]);
  });

  test("and that is revoked while the mail is on its way, fails with that reason", async () => {
    const { token, mail } = shareFrom("origin.example", "Revoked meanwhile");
    scene.world.origin.revoke(token);
    const { id, reason, detail } = await deliverAndFind(scene, mail, "Revoked meanwhile", "failed");
    expect(reason).toBe("share-revoked");
    expect(detail).toContain("gone or was revoked");
    expect(await outcomesOf(scene, id)).toEqual(["follow share-revoked"]);
    expect(scene.world.origin.guestLogins(token).successful).toBe(0);
  });

  test("waits while its origin is down, and is followed once when it is up", async () => {
    const { origin } = scene.world;
    const { token, mail } = shareFrom("origin.example", "Down and up");
    await origin.goDown();
    const { id } = await deliverAndFind(scene, mail, "Down and up", "accepted");
    await until("a first try failed", async () => (await callsAbout(id)) > 0);
    expect((await scene.usher("doctor")).out).toContain("1 waiting");
    await origin.comeUp();
    await makeJobsDue(scene, "follow");
    await notificationIn(scene, "Down and up", "followed");
    expectVisitedOnce(token);
  });
});

async function callsAbout(id: string): Promise<number> {
  const records = scene.store.db.selectFrom("record").select("id").where("notification_id", "=", id);
  return (await records.where("kind", "=", "call").execute()).length;
}

describe("one mail in two mailboxes", () => {
  test("is a notification of each account, and only he whom the share is for follows it", async () => {
    const { token, mail } = shareFrom("origin.example", "Copied over");
    await scene.world.deliver("bob", mail);
    await scene.world.deliver("carla", mail);
    const own = await notificationFor("bob", "Copied over", "followed");
    const foreign = await notificationFor("carla", "Copied over", "failed");
    expect(foreign.reason).toBe("wrong-account");
    expect(foreign.id).not.toBe(own.id);
    expect(await outcomesOf(scene, own.id)).toEqual(["follow well"]);
    expect(await outcomesOf(scene, foreign.id)).toEqual(["follow wrong-account"]);
    expect(scene.world.origin.guestLogins(token).failed).toBe(0);
  });

  test("is answered by each account for itself", async () => {
    const { token, mail } = anonymousShare("Two answers");
    await scene.world.deliver("bob", mail);
    await scene.world.deliver("carla", mail);
    const own = await notificationFor("bob", "Two answers", "held");
    const foreign = await notificationFor("carla", "Two answers", "held");
    await scene.usher("notification", "ignore", foreign.id);
    await scene.usher("notification", "accept", own.id, "--wait");
    expect((await notificationFor("bob", "Two answers", "followed")).id).toBe(own.id);
    expect((await notificationFor("carla", "Two answers", "ignored")).reason).toBe("answered");
    expectVisitedOnce(token);
  });
});

describe("a held mail", () => {
  test("moved away and back, delivered again, and under another UIDVALIDITY, is one notification, answered once", async () => {
    const { dovecot } = scene.world;
    const { token, mail } = anonymousShare("Wandering");
    const { id } = await deliverAndFind(scene, mail, "Wandering");
    const query = ["subject", '"Wandering"'];
    await dovecot.doveadm("mailbox", "create", "-u", bob, "Away");
    await dovecot.doveadm("move", "-u", bob, "Away", "mailbox", "INBOX", ...query);
    await dovecot.doveadm("move", "-u", bob, "INBOX", "mailbox", "Away", ...query);
    await scene.world.deliver("bob", mail);
    await until("three mails of it were read", async () => (await readingsOf(id)) === 3);
    await dovecot.setUidValidity(bob, "INBOX", 700_000);
    await deliverAndFind(scene, anonymousShare("Marker").mail, "Marker");
    await until("both were read again", async () => (await readingsOf(id)) === 5);
    expect((await notificationIn(scene, "Wandering", "held")).id).toBe(id);
    await scene.usher("notification", "accept", id, "--wait");
    await notificationIn(scene, "Wandering", "followed");
    expectVisitedOnce(token);
  });
});

async function readingsOf(id: string): Promise<number> {
  const messages = scene.store.db.selectFrom("message").select("id").where("state", "=", "read");
  return (await messages.where("notification_id", "=", id).execute()).length;
}
