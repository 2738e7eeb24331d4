import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ShareAnswer, takeAnswer } from "../../../src/federation/sent/take-answer.ts";
import { hashOf } from "../../../src/store/cozy-sharings.ts";
import { type DeliverWorld, openDeliverWorld } from "./deliver-world.ts";

let world: DeliverWorld;
beforeEach(async () => {
  world = await openDeliverWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

async function take(id: string, change: Partial<ShareAnswer> = {}): Promise<string> {
  const { secret, provider_id: providerId } = await world.row(id);
  const answer: ShareAnswer = {
    type: "SHARE_ACCEPTED",
    providerId,
    secretHash: hashOf(secret),
    grantee: null,
    host: "cloud.example",
    isSigned: false,
    ...change,
  };
  return world.store.transaction(async (db) => takeAnswer(db, answer, world.parts));
}

describe("an answer of a recipient's server", () => {
  test("counts once, however often it comes", async () => {
    const id = await world.share();
    await world.work();
    expect(await take(id)).toBe("done");
    expect(await take(id)).toBe("done");
    expect(await world.recipient(id)).toMatchObject({ state: "accepted" });
    expect((await world.story(id)).filter(({ detail }) => detail["what"] === "accepted")).toHaveLength(1);
    expect(await take(id, { type: "SHARE_DECLINED" })).toBe("done");
    expect(await world.recipient(id)).toMatchObject({ state: "refused" });
    expect(await take(id, { type: "SHARE_DECLINED" })).toBe("done");
    expect(await take(id)).toBe("not-found");
  });

  test("may come before the answer to the share itself, which then changes nothing", async () => {
    const id = await world.share();
    world.beforeAnswer = async () => {
      expect(await take(id)).toBe("done");
    };
    await world.work();
    expect(await world.recipient(id)).toMatchObject({ state: "accepted" });
    expect(await world.row(id)).toMatchObject({ state: "accepted" });
  });

  test.each([
    ["another id", { providerId: "another" }],
    ["another secret", { secretHash: hashOf("another") }],
    ["another host", { host: "evil.example" }],
    ["no secret, and no signature", { secretHash: null, grantee: "dora@cloud.example" }],
    ["no secret, and another recipient", { secretHash: null, grantee: "emil@cloud.example", isSigned: true }],
    ["nothing at all", { secretHash: null, isSigned: true }],
  ] as const)("with %s is about no share", async (_name, change) => {
    const id = await world.share();
    await world.work();
    expect(await take(id, change)).toBe("not-found");
    expect(await world.recipient(id)).toMatchObject({ state: "pending" });
  });

  test("needs no secret where it is signed and names the recipient", async () => {
    const id = await world.share();
    await world.work();
    expect(await take(id, { secretHash: null, grantee: "dora@cloud.example", isSigned: true })).toBe("done");
    expect(await world.recipient(id)).toMatchObject({ state: "accepted" });
  });

  test("after the end is about no share", async () => {
    const id = await world.share();
    await world.work();
    await world.end(id);
    expect(await take(id)).toBe("not-found");
  });
});
