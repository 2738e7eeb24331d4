import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { accept, ignore } from "../../src/receiving/answer.ts";
import { judge } from "../../src/receiving/judge.ts";
import { noticeKindOf, planNotice } from "../../src/receiving/notices.ts";
import { changeState } from "../../src/receiving/state.ts";
import { smtpAt } from "../sharing/parts.ts";
import { type NoticeWorld, openNoticeWorld } from "./notice-world.ts";

let world: NoticeWorld;
beforeEach(async () => {
  world = await openNoticeWorld(smtpAt(9));
});
afterEach(async () => world[Symbol.asyncDispose]());

async function told(): Promise<readonly string[]> {
  return (await world.notices()).map(({ kind, state }) => `${kind} ${state}`);
}

async function jobs(): Promise<number> {
  return (await world.judging.jobs()).filter(({ kind }) => kind === "send-notice").length;
}

async function change(id: string, state: "followed" | "failed", reason: string | null): Promise<void> {
  const detail = reason === null ? null : "It is gone.";
  await world.judging.store.transaction(async (db) =>
    changeState(db, id, { state, reason, detail }, world.parts),
  );
}

describe("an account hears of", () => {
  test("a held share once, however often it is mailed", async () => {
    const share = { shareId: "a".repeat(48) };
    await world.share({ share });
    await world.share({ share });
    expect([await told(), await jobs()]).toEqual([["held planned"], 1]);
  });

  test("what came of its answer, and of a second answer with the same end", async () => {
    const id = await world.share();
    for (const end of ["failed", "failed", "followed"] as const) {
      await accept(world.parts, id, { by: "mailbox", password: null });
      await change(id, end, end === "failed" ? "share-revoked" : null);
    }
    expect((await told()).toSorted()).toEqual([
      "answered planned",
      "failed planned",
      "failed planned",
      "held planned",
    ]);
  });

  test("why its answer changed nothing, once for one reason", async () => {
    const id = await world.share();
    const wanted = { notificationId: id, kind: "failed", cause: "x", detail: "It is followed." } as const;
    for (let times = 0; times < 2; times += 1) {
      await world.judging.store.transaction(async (db) =>
        planNotice(db, wanted, { ...world.parts, sender: () => world.smtp?.from ?? null }),
      );
    }
    expect(await told()).toEqual(["held planned", "failed planned"]);
  });
});

describe("an account does not hear of", () => {
  test("what a rule or the site keeps silent", async () => {
    world.judging.settings.notify = false;
    await world.share();
    expect(await told()).toEqual([]);
  });

  test("junk, whatever becomes of it", async () => {
    const id = await world.share({ evidence: { isJunk: true } });
    expect(await told()).toEqual([]);
    const junk = { notificationId: id, accountId: "a-bob", from: null, by: "policy", notify: true } as const;
    expect(noticeKindOf({ ...junk, to: "held", reason: "junk" })).toBeNull();
    expect(noticeKindOf({ ...junk, to: "held", reason: null })).toBe("held");
  });

  test("what the administrator answered on the command line", async () => {
    const id = await world.share();
    await ignore(world.parts, id, { by: "command line" });
    expect(await told()).toEqual(["held planned"]);
  });

  test("anything by mail while no mail server is configured, and the record says so", async () => {
    world.smtp = null;
    const id = await world.share();
    expect([await told(), await jobs()]).toEqual([[], 0]);
    expect((await world.judging.record(id)).at(-1)?.detail).toMatchObject({
      what: "notice",
      because: "no-smtp",
    });
  });

  test("a change that was rolled back", async () => {
    const found = await world.judging.finding();
    const rolledBack = world.judging.store.transaction(async (db) => {
      await judge(db, found, world.parts);
      throw new Error("killed here");
    });
    await expect(rolledBack).rejects.toThrow("killed here");
    expect([await told(), await jobs()]).toEqual([[], 0]);
  });
});

test("more than so many mails a day become one summary, also when mail comes in between", async () => {
  for (let count = 0; count < limits.noticesPerDay + 5; count += 1) await world.share();
  const kinds = await told();
  expect(kinds.filter((kind) => kind === "held planned")).toHaveLength(limits.noticesPerDay);
  expect(kinds.filter((kind) => kind === "held withheld")).toHaveLength(5);
  expect(kinds.filter((kind) => kind === "summary planned")).toHaveLength(1);
  expect(await jobs()).toBe(limits.noticesPerDay + 1);
});
