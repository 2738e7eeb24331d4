import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Rule } from "../../src/domain/policy.ts";
import { noWayOut } from "../../src/no-way-out.ts";
import { createProtocols } from "../../src/protocols/protocols.ts";
import { accept, ignore } from "../../src/receiving/answer.ts";
import { readNotification } from "../../src/store/notifications.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";
import { acceptAll } from "./rules.ts";

let world: JudgeWorld;
beforeEach(async () => {
  world = await openJudgeWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

const trusted: Rule = { ...acceptAll, contact: "trusted" };

describe("one share", () => {
  test("is one notification, however often it is mailed, moved or copied to another account", async () => {
    const first = await world.mail();
    const moved = await world.mail({ folder: "Archive" });
    const resent = await world.mail({ messageId: "<2@cloud-a.example>" });
    const other = await world.mail({ account: "carla" });
    expect([moved.notificationId, resent.notificationId]).toEqual([
      first.notificationId,
      first.notificationId,
    ]);
    expect(other.notificationId).not.toBe(first.notificationId);
    const kinds = (await world.record(first.notificationId)).map(({ kind }) => kind);
    expect(kinds).toEqual(["mail", "decision", "mail", "mail", "decision"]);
  });

  test("without share id and link is kept apart by what it names", async () => {
    const notice = { protocol: "federated-share" as const, link: null, shareId: null, origin: null };
    const first = await world.mail({ share: { ...notice, item: "Fotos" } });
    const again = await world.mail({ messageId: "<2@x>", share: { ...notice, item: "Fotos" } });
    const other = await world.mail({ messageId: "<3@x>", share: { ...notice, item: "Texte" } });
    expect(again.notificationId).toBe(first.notificationId);
    expect(other.notificationId).not.toBe(first.notificationId);
    expect(first.after).toMatchObject({ origin: "", state: "held" });
  });
});

describe("the policy", () => {
  test("accepts what a believed mail announces, and plans the work", async () => {
    world.settings.policy = [acceptAll];
    const { after } = await world.mail();
    expect(after).toMatchObject({ state: "accepted", reason: "policy" });
    expect(await world.jobs()).toEqual([{ kind: "follow", subject: after.id }]);
    expect(world.changes).toEqual([
      expect.objectContaining({ from: null, to: "accepted", by: "policy", notify: false }),
    ]);
  });

  test.each([
    ["nobody has authenticated", { trusted: false }, "not-believed"],
    ["lies in Junk", { evidence: { isJunk: true } }, "junk"],
    [
      "shows a host that looks like another",
      {
        evidence: {
          origin: { ascii: "c1oud-a.example", unicode: "c1oud-a.example", marks: ["look-alike" as const] },
        },
      },
      "not-believed",
    ],
  ])("holds a mail that %s although a rule says accept, and asks no origin", async (_, about, reason) => {
    world.settings.policy = [{ ...acceptAll, notify: true }];
    const { after } = await world.mail(about);
    expect(after).toMatchObject({ state: "held", reason });
    expect(after.detail).not.toBeNull();
    expect(await world.jobs()).toEqual([]);
    expect(world.changes[0]?.notify).toBe(reason !== "junk");
  });

  test("of the account comes before the site's, and every rule is in the record", async () => {
    const own = JSON.stringify([
      { ...acceptAll, account: null, module: "calendar" },
      { ...acceptAll, then: "hold" },
    ]);
    await world.store.db.updateTable("account").set({ policy_json: own }).where("id", "=", "a-bob").execute();
    world.settings.policy = [acceptAll];
    const { after } = await world.mail();
    expect(after.state).toBe("held");
    const decision = (await world.record(after.id)).find(({ kind }) => kind === "decision");
    expect(decision?.detail).toMatchObject({
      by: "policy",
      action: "hold",
      rule: { of: "account", rule: 2 },
      considered: [
        { of: "account", rule: 1, matched: false, why: "module is files, not calendar" },
        { of: "account", rule: 2, matched: true },
      ],
    });
    expect((await world.mail({ account: "carla" })).after.state).toBe("accepted");
  });

  test("holds what it would accept but nobody here can follow, plainly", async () => {
    const others = createProtocols({ http: noWayOut }).filter(({ name }) => name !== "ocm-invite");
    await using without = await openJudgeWorld(others);
    without.settings.policy = [acceptAll];
    const invite = await without.mail({ share: { protocol: "ocm-invite", variant: "link" } });
    expect(invite.after).toMatchObject({ state: "held", reason: "protocol-cannot-be-followed" });
    expect(invite.after.detail).toContain("Invitations of Open Cloud Mesh cannot be followed");
    expect(await without.jobs()).toEqual([]);
  });

  test("ignores what cannot be refused, plainly", async () => {
    world.settings.policy = [{ ...acceptAll, then: "refuse" }];
    const ox = await world.mail({ messageId: "<2@x>" });
    expect(ox.after).toMatchObject({ state: "ignored", reason: "policy" });
    expect(ox.after.detail).toContain("its origin hears nothing");
    expect(await world.jobs()).toEqual([]);
  });

  test("holds what an account can follow once its administrator gives it a host, says so, and then takes the yes", async () => {
    world.settings.policy = [acceptAll];
    const { after, notificationId } = await world.mail({ share: { protocol: "cozy", variant: "discovery" } });
    expect(after).toMatchObject({ state: "held", reason: "no-instance-host" });
    expect(after.detail).toContain("usher account instance NAME HOST");
    const yes = async () => accept(world.parts, notificationId, { by: "page", password: null });
    expect(await yes()).toMatchObject({ kind: "unchanged", why: after.detail });
    expect(await world.jobs()).toEqual([]);
    await world.store.db
      .updateTable("account")
      .set({ instance_host: "bob.share.example.org" })
      .where("name", "=", "bob")
      .execute();
    expect(await yes()).toMatchObject({ kind: "planned", state: "accepted" });
    expect(await world.jobs()).toEqual([{ kind: "follow", subject: notificationId }]);
  });

  test("does not act for a trusted contact whose name somebody forged", async () => {
    world.settings.policy = [trusted];
    const forged = await world.mail({ trusted: false, evidence: { isTrustedSender: true } });
    expect(forged.after.state).toBe("held");
    const real = await world.mail({ messageId: "<2@x>", evidence: { isTrustedSender: true } });
    expect(real.after.state).toBe("accepted");
  });
});

describe("later mails", () => {
  test("never overrule an answer of the account", async () => {
    const { notificationId } = await world.mail();
    await ignore(world.parts, notificationId, { by: "mailbox" });
    world.settings.policy = [acceptAll];
    expect((await world.mail({ messageId: "<2@x>" })).after).toMatchObject({
      state: "ignored",
      reason: "answered",
    });
  });

  test("taken out of Junk are judged, and only then", async () => {
    world.settings.policy = [acceptAll];
    const { notificationId } = await world.mail({ folder: "Junk", evidence: { isJunk: true } });
    const answered = await accept(world.parts, notificationId, { by: "page", password: null });
    expect(answered).toMatchObject({ kind: "unchanged", why: expect.stringContaining("Junk") });
    expect(await world.jobs()).toEqual([]);
    expect((await world.mail()).after.state).toBe("accepted");
  });

  test("that are authenticated correct what a forged first one said", async () => {
    const evil = { sharer: { name: "Alice!", address: "alice@evil.example" }, title: "Free money" };
    await world.mail({ trusted: false, share: evil });
    const { after } = await world.mail({ messageId: "<2@x>" });
    expect(after).toMatchObject({ title: "Plans", sharer_address: "alice@cloud-a.example" });
    const later = await world.mail({ messageId: "<3@x>", trusted: false, share: evil });
    expect(later.after).toMatchObject({ title: "Plans", sharer_address: "alice@cloud-a.example" });
  });

  test("in Junk, or of nobody knows whom, leave alone what an authenticated one said", async () => {
    world.settings.policy = [
      { ...acceptAll, evidence: ["authenticated"], then: "hold" },
      { ...acceptAll, then: "ignore" },
    ];
    await world.mail();
    const junk = await world.mail({ messageId: "<2@x>", evidence: { isJunk: true } });
    expect(junk.after).toMatchObject({ state: "held", reason: null });
    expect((await world.mail({ messageId: "<3@x>", trusted: false })).after.state).toBe("held");
  });

  test("of a followed share name another folder: it is looked at, unless they lie in Junk", async () => {
    const { notificationId } = await world.mail();
    await world.store.db.updateTable("notification").set({ state: "followed" }).execute();
    const row = await readNotification(world.store.db, notificationId);
    if (row === undefined) throw new Error("no row");
    await subscribe(row);
    await world.mail({ messageId: "<2@x>", share: { folder: "40" }, evidence: { isJunk: true } });
    expect(await world.jobs()).toEqual([]);
    await world.mail({ messageId: "<3@x>", share: { folder: "41" } });
    expect(await world.jobs()).toEqual([{ kind: "check-subscription", subject: "s-1" }]);
  });
});

async function subscribe(row: NonNullable<Awaited<ReturnType<typeof readNotification>>>): Promise<void> {
  const now = Date.now();
  await world.store.db
    .insertInto("subscription")
    .values({
      id: "s-1",
      account_id: row.account_id,
      notification_id: row.id,
      protocol: row.protocol,
      origin: row.origin,
      share_key: row.share_key,
      via: "usher",
      state: "SUBSCRIBED",
      reason: null,
      detail: null,
      title: null,
      guest: null,
      home_account: null,
      home_folder: null,
      checked_at: now,
      next_check_at: null,
      failing_since: null,
      created_at: now,
      ended_at: null,
    })
    .execute();
}
