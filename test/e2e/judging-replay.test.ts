import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, authservId, type Shared } from "../world/world.ts";
import {
  deliverAndFind,
  notificationIn,
  notificationsTitled,
  openScene,
  runNow,
  type Scene,
  until,
} from "./scene.ts";

const bob = addressOf("bob");

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

function shareFrom(domain: string, title: string): Shared {
  return scene.world.share(bob, {
    title,
    files: ["quay.odt"],
    mail: {
      sharer: { name: "Alice Sender", address: `alice@${domain}` },
      authenticationResults: `${authservId}; dmarc=pass header.from=${domain}`,
    },
  });
}

/** Everything that judging writes. */
async function standing(): Promise<readonly unknown[]> {
  const { db } = scene.store;
  const notifications = db.selectFrom("notification").selectAll().orderBy("id").execute();
  const records = db.selectFrom("record").selectAll().orderBy("id").execute();
  // Without what the schedule plans by itself.
  const jobs = db.selectFrom("job").select(["kind", "subject"]).where("subject", "!=", "site").execute();
  const targets = db.selectFrom("notification_target").selectAll().execute();
  const subscriptions = db.selectFrom("subscription").selectAll().orderBy("id").execute();
  return Promise.all([notifications, records, jobs, targets, subscriptions]);
}

interface Replay {
  readonly applied: boolean;
  readonly changed: number;
  readonly mails: readonly {
    readonly notification: string | null;
    readonly before: string | null;
    readonly after: string | null;
    readonly hasChanged: boolean;
  }[];
}

/** The rules change, and the daemon takes them. */
async function usePolicy(policy: readonly unknown[]): Promise<void> {
  const reloads = () => scene.daemon.log.filter(({ event }) => event === "reloaded").length;
  const before = reloads();
  await scene.world.configure({ policy });
  scene.daemon.reload();
  await until("the daemon took the new rules", () => reloads() > before);
}

describe("a notification that nobody answers", () => {
  test("is ignored when its time is over, is opened by a new mail, and may be accepted late", async () => {
    const shared = shareFrom("origin.example", "Forgotten");
    const { id, expires_at: expiresAt } = await deliverAndFind(scene, shared.mail, "Forgotten");
    expect((expiresAt ?? 0) - Date.now()).toBeGreaterThan(29 * 24 * 3600_000);
    await expireNow(id);
    const { reason, detail } = await notificationIn(scene, "Forgotten", "ignored");
    expect([reason, detail]).toEqual(["expired", expect.stringContaining("Nobody answered in time")]);
    expect((await scene.usher("notification", "explain", id)).out).toContain("decision  by expiry");
    expect(scene.world.origin.counters().linkOpens[shared.token]).toBeUndefined();

    const reminder = shared.mail.replace(/^Message-ID: .*$/m, "Message-ID: <reminder@ox1.origin.example>");
    await scene.world.deliver("bob", reminder);
    const again = await notificationIn(scene, "Forgotten", "held");
    expect([again.id, (again.expires_at ?? 0) > Date.now()]).toEqual([id, true]);
    await expireNow(id);
    await notificationIn(scene, "Forgotten", "ignored");
    const run = await scene.usher("notification", "accept", id, "--wait");
    expect([run.code, run.out]).toEqual([0, `${id} is followed.\n`]);
  });

  test("is not ended by its time once it was answered", async () => {
    const { mail } = shareFrom("origin.example", "Answered in time");
    const { id } = await deliverAndFind(scene, mail, "Answered in time");
    await scene.usher("notification", "accept", id, "--wait");
    await expireNow(id, "followed");
    await notificationIn(scene, "Answered in time", "followed");
  });
});

/** Its time is over, and the schedule looks. */
async function expireNow(id: string, becomes = "ignored"): Promise<void> {
  const { db } = scene.store;
  await db
    .updateTable("notification")
    .set({ expires_at: Date.now() - 1 })
    .where("id", "=", id)
    .execute();
  const looked = await runNow(scene, "expire-notifications");
  await until("the schedule looked", async () => {
    return (await db.selectFrom("job").select("id").where("id", "=", looked).execute()).length === 0;
  });
  const row = await db.selectFrom("notification").select("state").where("id", "=", id).executeTakeFirst();
  expect(row?.state).toBe(becomes);
}

describe("after a change of the policy", () => {
  test("usher replay tells what would change and changes nothing; applied, it does so once", async () => {
    const wanted = shareFrom("partner.origin.example", "Wanted later");
    const refused = shareFrom("partner.origin.example", "Declined before");
    const other = shareFrom("stranger.example", "Still unknown");
    const { id } = await deliverAndFind(scene, wanted.mail, "Wanted later");
    // The same share in a second mail: one change, not two.
    await scene.world.deliver(
      "bob",
      wanted.mail.replace(/^Message-ID: .*$/m, "Message-ID: <2@ox1.origin.example>"),
    );
    const declined = await deliverAndFind(scene, refused.mail, "Declined before");
    await scene.usher("notification", "ignore", declined.id);
    await deliverAndFind(scene, other.mail, "Still unknown");
    await usePolicy([{ when: { senderDomain: "partner.origin.example" }, then: "accept" }]);
    expect((await notificationIn(scene, "Wanted later", "held")).id).toBe(id);

    await nothingMoves();
    const before = await standing();
    const dry = await scene.usherJson<Replay>("replay", "--since", "1d");
    expect(await standing()).toEqual(before);
    expect(dry.applied).toBe(false);
    const changed = dry.mails.filter(({ hasChanged }) => hasChanged);
    expect(new Set(changed.map((mail) => mail.notification))).toEqual(new Set([id]));
    expect(changed[0]).toMatchObject({ before: "held", after: "accepted (policy)" });
    const shown = await scene.usher("replay", "--since", "1d");
    expect(shown.out).toMatch(/would change; --apply does it/);

    const done = await scene.usherJson<Replay>("replay", "--since", "1d", "--apply");
    expect([done.applied, done.changed]).toEqual([true, 1]);
    await notificationIn(scene, "Wanted later", "followed");
    expect((await notificationIn(scene, "Declined before", "ignored")).reason).toBe("answered");
    await notificationIn(scene, "Still unknown", "held");
    await nothingMoves();
    expect(scene.world.origin.guestLogins(wanted.token)).toEqual({ successful: 1, failed: 0 });
    expect(scene.world.origin.counters().linkOpens[refused.token]).toBeUndefined();

    await nothingMoves();
    const settled = await standing();
    const again = await scene.usherJson<Replay>("replay", "--since", "1d", "--apply");
    expect([again.changed, await standing()]).toEqual([0, settled]);
    expect((await scene.usher("replay", "--since", "1d")).out).toContain("Nothing changes.");
    expect(await notificationsTitled(scene, "Wanted later")).toHaveLength(1);
    const followed = scene.store.db.selectFrom("subscription").select("id").where("notification_id", "=", id);
    expect(await followed.execute()).toHaveLength(1);
    expect(scene.world.origin.guestLogins(wanted.token)).toEqual({ successful: 1, failed: 0 });
  });

  test("usher policy test says the same about a file, rule by rule, and writes nothing", async () => {
    const file = join(scene.world.directory, "mail.eml");
    const own = join(scene.world.directory, "own.yaml");
    await writeFile(file, shareFrom("partner.origin.example", "On trial").mail);
    await writeFile(own, JSON.stringify({ policy: [{ when: { module: "calendar" }, then: "ignore" }] }));
    await scene.usherJson("policy", "set", "bob", own);
    await nothingMoves();
    const before = await standing();
    const run = await scene.usher("policy", "test", file, "--for", bob, "--account", "bob");
    expect(run.code).toBe(0);
    expect(run.out.split("\n")).toEqual(
      expect.arrayContaining([
        "rule 1 of the account: no, module is files, not calendar",
        "rule 1 of the site: matches, all conditions hold",
        "decided: accept, silently; rule 1 of the site says accept",
      ]),
    );
    expect(await standing()).toEqual(before);
    await scene.usherJson("policy", "clear", "bob");
  });
});

async function nothingMoves(): Promise<void> {
  await until("no work is left", async () => {
    const jobs = scene.store.db.selectFrom("job").select("id").where("subject", "!=", "site");
    return (await jobs.execute()).length === 0;
  });
}

describe("usher notification explain", () => {
  test("tells the mail, the evidence, every rule, every call and its answer, in order, and no secret", async () => {
    const host = new URL(scene.world.origin.origin).host;
    await usePolicy([
      { when: { originHost: "elsewhere.example" }, then: "ignore" },
      { when: { senderDomain: "origin.example", evidence: ["link-aligned", "no-signals"] }, then: "accept" },
    ]);
    const shared = shareFrom("origin.example", "Told in full");
    const { id } = await deliverAndFind(scene, shared.mail, "Told in full", "followed");
    const { out } = await scene.usher("notification", "explain", id);
    const inOrder = [
      "  mail",
      "folder: INBOX",
      "messageId: <",
      "evidence:",
      "sender: alice@origin.example, authenticated (mx.recipient.example says dkim=- spf=- dmarc=pass)",
      "contact: unknown to the account",
      "origin: cloud.origin.example",
      "origin and sender: of the same domain",
      "  decision  by policy",
      `rule 1 of the site: no, origin is ${host}, not elsewhere.example`,
      "rule 2 of the site: matches, all conditions hold",
      "decided: accept, silently; rule 2 of the site says accept",
      `call      open the share link: GET https://${host}/ajax/share/${shared.token.slice(0, 8)}…`,
      "-> 302 ok",
      "call      probe the folder: GET",
      "-> 200 ok",
      "call      log out: GET",
      "  outcome",
      "state: SUBSCRIBED",
      "now: followed",
    ];
    let from = 0;
    for (const part of inOrder) {
      const at = out.indexOf(part, from);
      expect(at, `${part} in ${out.slice(from)}`).toBeGreaterThanOrEqual(0);
      from = at + part.length;
    }
    const json = await scene.usherJson<object>("notification", "explain", id);
    const secrets = [shared.token, shared.token.slice(16), ...scene.world.origin.secrets()];
    for (const secret of secrets) {
      expect(out.includes(secret)).toBe(false);
      expect(JSON.stringify(json).includes(secret)).toBe(false);
    }
    expect(secrets.length).toBeGreaterThan(2);
  });
});
