import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CozyV3 } from "../../world/cozy-v3/cozy.ts";
import {
  accept,
  bobsMail,
  carolsMail,
  filesType,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  putFile,
  share,
  type SharedFolder,
  statuses,
} from "./owner-world.ts";

// Alice shares from Usher with Bob, whose Cozy has trouble, and with Carol, whose has none.
let world: OwnerWorld;
beforeEach(async () => {
  world = await openOwnerWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

const faults = [
  ["answers with a page", { kind: "nonsense" }, "nonsense"],
  ["breaks its answer off", { kind: "cut", afterBytes: 1 }, null],
  ["has an error of its own", { kind: "status", status: 500, retryAfter: null }, "http-500"],
  ["hangs up", { kind: "hang-up" }, null],
] as const;

/** Why the last call to Bob's Cozy failed, as it is kept. */
async function bobsTrouble(): Promise<string | null> {
  const { db } = world.alice.site.store;
  const rows = db.selectFrom("cozy_member").select("error").where("instance_url", "=", world.bob.origin);
  return (await rows.executeTakeFirstOrThrow()).error;
}

function textAt(cozy: CozyV3): string | undefined {
  const found = cozy.documents(filesType).find(({ fields }) => fields["name"] === "beach.txt");
  return found?.content?.toString();
}

/** Everything that Bob's Cozy missed is tried again, now that it is well. */
async function recover(): Promise<void> {
  world.bob.behave();
  await world.alice.workAgain();
  await world.settled();
}

describe("a Cozy that is asked", () => {
  test.each(faults)("and %s is asked again, and the others in time", async (_, fault, trouble) => {
    world.bob.misbehave(fault, "request");
    const shared = await share(world, [{ instance: world.bob.origin }, { instance: world.carol.origin }]);
    expect(await statuses(world, shared)).toEqual(["owner", "mail-not-sent", "pending"]);
    expect(await bobsTrouble()).toEqual(trouble ?? expect.any(String));
    await recover();
    expect(await statuses(world, shared)).toEqual(["owner", "pending", "pending"]);
    expect(await bobsTrouble()).toBeNull();
    expect(world.bob.sharing(shared.id)).toMatchObject({ active: false });
  });

  test.each(faults)("and %s makes a mail of the request where an address is known", async (_, fault) => {
    world.bob.misbehave(fault, "request");
    const shared = await share(world, [{ email: bobsMail, instance: world.bob.origin }]);
    expect(await statuses(world, shared)).toEqual(["owner", "pending"]);
    world.bob.behave();
    await accept(world, world.bob, await world.alice.linkOf(bobsMail));
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
  });

  test("and is slow is waited for", async () => {
    world.bob.misbehave({ kind: "slow", ms: 100 }, "request");
    const shared = await share(world, [{ instance: world.bob.origin }, { instance: world.carol.origin }]);
    expect(await statuses(world, shared)).toEqual(["owner", "pending", "pending"]);
  });
});

describe("a Cozy that takes part", () => {
  let shared: SharedFolder;
  beforeEach(async () => {
    shared = await share(world, [{ email: bobsMail }, { email: carolsMail }]);
    await accept(world, world.bob, await world.alice.linkOf(bobsMail));
    await accept(world, world.carol, await world.alice.linkOf(carolsMail));
  });

  test.each(faults)("and %s gets what it missed, and the others in time", async (_, fault, trouble) => {
    world.bob.misbehave(fault, "replication");
    await putFile(world, "more sand");
    await world.settled();
    expect([textAt(world.bob), textAt(world.carol)]).toEqual(["sand", "more sand"]);
    expect(await bobsTrouble()).toEqual(trouble ?? expect.any(String));
    await recover();
    expect(textAt(world.bob)).toBe("more sand");
    expect(await bobsTrouble()).toBeNull();
    expect(await statuses(world, shared)).toEqual(["owner", "ready", "ready"]);
  });

  test("and is slow is waited for", async () => {
    world.bob.misbehave({ kind: "slow", ms: 100 }, "replication");
    await putFile(world, "more sand");
    await world.settled();
    expect([textAt(world.bob), textAt(world.carol)]).toEqual(["more sand", "more sand"]);
  });

  test("and loses an answer has the change once", async () => {
    world.bob.misbehave({ kind: "lost-answer" }, "replication", 1, 1);
    await putFile(world, "more sand");
    await world.settled();
    await recover();
    const files = world.bob.documents(filesType).filter(({ fields }) => fields["name"] === "beach.txt");
    expect(files.map(({ content }) => content?.toString())).toEqual(["more sand"]);
  });

  // The answer has no body to break off.
  const wholly = faults.filter(([, { kind }]) => kind !== "cut");
  test.each(wholly)("and %s hears of the end later, and the others in time", async (_, fault, trouble) => {
    world.bob.misbehave(fault, "revocation");
    expect((await world.app("DELETE", `/sharings/${shared.id}/recipients`)).status).toBe(204);
    await world.settled();
    expect(world.carol.sharing(shared.id)?.active).toBe(false);
    expect(world.bob.sharing(shared.id)?.active).toBe(true);
    expect(await bobsTrouble()).toEqual(trouble ?? expect.any(String));
    await recover();
    expect(world.bob.sharing(shared.id)?.active).toBe(false);
    expect((await membersOf(world, shared)).map(({ status }) => status)).toEqual([
      "owner",
      "revoked",
      "revoked",
    ]);
  });
});

describe("an answer that never ends", () => {
  test("is cut off at the deadline, keeps nobody else waiting, and the call is made again", async () => {
    // Long enough for every honest answer on a busy machine.
    await using hurried = await openOwnerWorld({ httpTotalMs: 5000 });
    const { bob, carol, alice } = hurried;
    bob.misbehave({ kind: "drip", everyMs: 200 }, "request", 1);
    const shared = await share(hurried, [{ instance: bob.origin }, { instance: carol.origin }]);
    expect(await statuses(hurried, shared)).toEqual(["owner", "mail-not-sent", "pending"]);
    const { db } = alice.site.store;
    const rows = db.selectFrom("cozy_member").select("error").where("instance_url", "=", bob.origin);
    expect(await rows.executeTakeFirst()).toEqual({ error: "timeout" });
    await alice.workAgain();
    expect(await statuses(hurried, shared)).toEqual(["owner", "pending", "pending"]);
  });
});
