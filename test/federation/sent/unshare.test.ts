import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tellOfRemoval } from "../../../src/sharing/end-sent-shares.ts";
import { deleteAccount } from "../../../src/store/accounts.ts";
import { answered, type DeliverWorld, openDeliverWorld } from "./deliver-world.ts";

let world: DeliverWorld;
beforeEach(async () => {
  world = await openDeliverWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

describe("a share that is taken back", () => {
  test("is told with all that any family looks at", async () => {
    const id = await world.share();
    await world.work();
    await world.end(id);
    const { secret, provider_id: providerId, state } = await world.row(id);
    expect(state).toBe("unshared");
    await world.work();
    expect(world.posted.at(-1)).toEqual({
      host: "cloud.example",
      path: "/notifications",
      body: {
        notificationType: "SHARE_UNSHARED",
        resourceType: "file",
        providerId,
        notification: {
          sharedSecret: secret,
          grantee: "dora@cloud.example",
          message: expect.any(String),
        },
      },
    });
    expect(world.told.at(-1)?.event).toBe("share-ended");
  });

  test.each([
    ["201", answered(201)],
    ["200", answered(200)],
    ["400 RESOURCE_NOT_FOUND: it is gone there", answered(400, { message: "RESOURCE_NOT_FOUND" })],
    ["404: likewise", answered(404)],
  ])("is done with %s", async (_name, answer) => {
    const id = await world.share();
    await world.work();
    world.answers = [answer];
    await world.end(id);
    await world.work();
    expect(world.told.at(-1)?.event).toBe("share-ended");
    expect(await world.work(86_400_000)).toBe(0);
  });

  test.each([
    ["400 for another reason", answered(400, { message: "Invalid signature" }), "http-400"],
    ["403", answered(403), "http-403"],
    ["501", answered(501), "http-501"],
  ])("is done with %s too, and on record as not told", async (_name, answer, reason) => {
    const id = await world.share();
    await world.work();
    world.answers = [answer];
    await world.end(id);
    await world.work();
    expect(world.told.at(-1)).toMatchObject({ event: "peer-not-told", fields: { reason } });
    expect(await world.work(86_400_000)).toBe(0);
  });

  test.each([answered(503, {}, 2000), answered(500), answered(429, {}, 2000)])(
    "is told again later after $status",
    async (answer) => {
      const id = await world.share();
      await world.work();
      world.answers = [answer, answered(201)];
      await world.end(id);
      await world.work();
      await world.work(90_000);
      expect(world.told.at(-1)?.event).toBe("share-ended");
    },
  );

  test("before anybody was asked is told nobody", async () => {
    const id = await world.share();
    await world.end(id);
    await world.work();
    expect(world.posted).toEqual([]);
  });

  test("while it is being brought is told right after it", async () => {
    const id = await world.share();
    world.beforeAnswer = async () => {
      world.beforeAnswer = async () => {};
      await world.end(id);
    };
    await world.work();
    await world.work();
    expect(world.posted.map(({ path }) => path)).toEqual(["/shares", "/notifications"]);
    expect(await world.row(id)).toMatchObject({ state: "unshared" });
  });

  test("after an attempt whose answer was lost is told, and not brought again", async () => {
    world.answers = [
      { kind: "try-later", because: "timeout", detail: "", retryAfterMs: null },
      answered(201),
    ];
    const id = await world.share();
    await world.work();
    await world.end(id);
    await world.work(86_400_000);
    expect(world.posted.map(({ path }) => path)).toEqual(["/shares", "/notifications"]);
  });

  test("with its whole account is told all the same, by what the job holds sealed", async () => {
    const id = await world.share();
    await world.work();
    const { secret } = await world.row(id);
    await world.store.transaction(async (db) => {
      await tellOfRemoval(db, "a1", world.parts.queue);
      await deleteAccount(db, "a1");
    });
    const job = await world.store.db.selectFrom("job").select("payload_json").executeTakeFirstOrThrow();
    expect(job.payload_json).not.toContain(secret);
    await world.work();
    expect(world.posted.at(-1)?.body["notification"]).toMatchObject({ sharedSecret: secret });
  });
});
