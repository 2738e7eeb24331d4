import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accept, ignore } from "../../src/receiving/answer.ts";
import { createExpire } from "../../src/receiving/expire.ts";
import type { Finding } from "../../src/receiving/finding.ts";
import { judge } from "../../src/receiving/judge.ts";
import { replay } from "../../src/receiving/replay.ts";
import { readNotification } from "../../src/store/notifications.ts";
import { readAccountRules, writeAccountRules } from "../../src/store/account-rules.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";
import { acceptAll } from "./rules.ts";

let world: JudgeWorld;
let finding: Finding;
beforeEach(async () => {
  world = await openJudgeWorld();
  finding = await world.finding();
});
afterEach(async () => world[Symbol.asyncDispose]());

async function judged(): Promise<string> {
  return (await world.store.transaction(async (db) => judge(db, finding, world.parts))).notificationId;
}

async function contents(): Promise<string> {
  const tables = ["notification", "record", "job", "message", "notification_target"] as const;
  const rows = await Promise.all(
    tables.map(async (name) => world.store.db.selectFrom(name).selectAll().execute()),
  );
  return JSON.stringify(rows);
}

describe("judging a mail again", () => {
  test("shows what would change, and changes nothing", async () => {
    const id = await judged();
    world.settings.policy = [acceptAll];
    const before = await contents();
    const told = world.changes.length;
    const tried = await replay(finding, world.parts, { apply: false });
    expect(tried).toMatchObject({
      hasChanged: true,
      before: { state: "held" },
      after: { state: "accepted" },
    });
    expect(tried.notificationId).toBe(id);
    expect(await contents()).toBe(before);
    expect(told).toBe(1);
  });

  test("does it when asked to, once", async () => {
    const id = await judged();
    world.settings.policy = [acceptAll];
    await replay(finding, world.parts, { apply: true });
    expect(await world.jobs()).toEqual([{ kind: "follow", subject: id }]);
    const after = await contents();
    expect(await replay(finding, world.parts, { apply: true })).toMatchObject({ hasChanged: false });
    expect(await contents()).toBe(after);
  });

  test("leaves an answer of the account as it is, also one that led to nothing", async () => {
    const id = await judged();
    await ignore(world.parts, id, { by: "mailbox" });
    world.settings.policy = [acceptAll];
    expect(await replay(finding, world.parts, { apply: true })).toMatchObject({ hasChanged: false });
    await accept(world.parts, id, { by: "page", password: null });
    await world.store.db.updateTable("notification").set({ state: "failed", reason: "revoked" }).execute();
    expect(await replay(finding, world.parts, { apply: true })).toMatchObject({ hasChanged: false });
    expect((await readNotification(world.store.db, id))?.state).toBe("failed");
  });

  test("makes a notification of what was none before", async () => {
    expect(await replay(finding, world.parts, { apply: false })).toMatchObject({
      hasChanged: true,
      before: null,
    });
    expect(await world.store.db.selectFrom("notification").selectAll().execute()).toEqual([]);
    await replay(finding, world.parts, { apply: true });
    expect(await world.store.db.selectFrom("notification").selectAll().execute()).toHaveLength(1);
  });
});

async function expire(): Promise<void> {
  const job = {
    id: 1,
    kind: "expire-notifications",
    subject: "site",
    payload: {},
    attempt: 1,
    fence: 1,
  } as const;
  const outcome = await createExpire(world.parts)(job, new AbortController().signal);
  await world.store.transaction(async (db) => outcome.commit?.(db));
}

describe("a held notification", () => {
  test("waits for its time, is ignored then, and a new mail opens it again", async () => {
    const id = await judged();
    await expire();
    expect((await readNotification(world.store.db, id))?.state).toBe("held");
    await world.store.db
      .updateTable("notification")
      .set({ expires_at: Date.now() - 1 })
      .execute();
    await expire();
    const ended = await readNotification(world.store.db, id);
    expect(ended).toMatchObject({ state: "ignored", reason: "expired", expires_at: null });
    expect(world.changes.at(-1)).toMatchObject({ by: "expiry", notify: false });
    expect((await world.mail({ folder: "Archive" })).after.state).toBe("ignored");
    expect((await world.mail({ messageId: "<2@x>" })).after).toMatchObject({
      state: "held",
      expires_at: expect.any(Number),
    });
  });

  test("has no time any more once it was answered", async () => {
    const id = await judged();
    await accept(world.parts, id, { by: "page", password: null });
    await world.store.db.updateTable("notification").set({ expires_at: 1 }).execute();
    await expire();
    expect((await readNotification(world.store.db, id))?.state).toBe("accepted");
  });

  test("that expired stays so when its mail is judged again and only held", async () => {
    await judged();
    await world.store.db.updateTable("notification").set({ expires_at: 1 }).execute();
    await expire();
    expect(await replay(finding, world.parts, { apply: true })).toMatchObject({ hasChanged: false });
    world.settings.policy = [acceptAll];
    expect(await replay(finding, world.parts, { apply: true })).toMatchObject({
      after: { state: "accepted" },
    });
  });
});

test("the rules of an account come back from the store as they were set", async () => {
  const rules = [
    { ...acceptAll, contact: "trusted" as const, evidence: ["no-signals" as const], notify: true },
  ];
  await writeAccountRules(world.store.db, "a-bob", rules);
  expect(await readAccountRules(world.store.db, "a-bob")).toEqual(rules);
  expect(await readAccountRules(world.store.db, "a-carla")).toEqual([]);
  await writeAccountRules(world.store.db, "a-bob", null);
  expect(await readAccountRules(world.store.db, "a-bob")).toEqual([]);
});
