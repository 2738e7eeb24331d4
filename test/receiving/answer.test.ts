import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LeaveReply, Protocol } from "../../src/protocols/protocol.ts";
import { accept, ignore, refuse } from "../../src/receiving/answer.ts";
import { createRefuse } from "../../src/receiving/refuse.ts";
import { listContacts } from "../../src/store/contacts.ts";
import { readNotification } from "../../src/store/notifications.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";

let world: JudgeWorld;
beforeEach(async () => {
  world = await openJudgeWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

const yes = { by: "page", password: null };

describe("accepting", () => {
  test("plans the work once, and says who answered", async () => {
    const { notificationId: id } = await world.mail();
    expect(await accept(world.parts, id, yes)).toMatchObject({ kind: "planned", state: "accepted" });
    expect(await accept(world.parts, id, yes)).toMatchObject({ kind: "unchanged" });
    expect(await world.jobs()).toEqual([{ kind: "follow", subject: id }]);
    expect(world.changes.at(-1)).toMatchObject({ from: "held", to: "accepted", by: "page", notify: true });
  });

  test("from the command line tells the account nothing unless asked to", async () => {
    const { notificationId: id } = await world.mail();
    await accept(world.parts, id, { ...yes, by: "command line" });
    expect(world.changes.at(-1)?.notify).toBe(false);
    await ignore(world.parts, id, { by: "command line", notify: true });
    expect(world.changes.at(-1)?.notify).toBe(true);
  });

  test("trusts the sender from now on where he was authenticated", async () => {
    const { notificationId: id } = await world.mail();
    expect(await accept(world.parts, id, { ...yes, trust: true })).toMatchObject({
      trust: { kind: "trusted", address: "alice@cloud-a.example" },
    });
    expect(await listContacts(world.store.db, "a-bob")).toMatchObject([
      { address_key: "alice@cloud-a.example", name: "Alice", trusted_at: expect.any(Number) },
    ]);
    expect(await listContacts(world.store.db, "a-carla")).toEqual([]);
  });

  test("does not trust whom nobody has authenticated, and accepts all the same", async () => {
    const { notificationId: id } = await world.mail({ trusted: false });
    expect(await accept(world.parts, id, { ...yes, trust: true })).toMatchObject({
      kind: "planned",
      trust: { kind: "not-trusted", because: expect.stringContaining("not authenticated") },
    });
    expect(await listContacts(world.store.db, "a-bob")).toEqual([]);
  });

  test("does not trust the sender of another mail than the one that is shown", async () => {
    const evil = { sharer: { name: "Alice", address: "mallory@evil.example" } };
    const { notificationId: id } = await world.mail();
    await world.mail({ messageId: "<2@x>", share: evil });
    await accept(world.parts, id, { ...yes, trust: true });
    const contacts = await listContacts(world.store.db, "a-bob");
    expect(contacts.map(({ address }) => address)).toEqual(["alice@cloud-a.example"]);
  });

  test("says plainly when nobody here can follow shares of this protocol", async () => {
    const { notificationId: id } = await world.mail({
      share: { protocol: "public-link", variant: "s-token" },
    });
    expect(await accept({ ...world.parts, protocols: [] }, id, yes)).toMatchObject({
      kind: "unchanged",
      why: expect.stringContaining("Public links cannot be followed by Usher yet"),
    });
    expect(await world.jobs()).toEqual([]);
  });

  test("of what does not exist finds nothing", async () => {
    expect(await accept(world.parts, "n-none", yes)).toEqual({ kind: "not-found" });
  });
});

describe("refusing", () => {
  test("is ignoring where the protocol has no way to refuse, and says so", async () => {
    const { notificationId: id } = await world.mail();
    expect(await refuse(world.parts, id, { by: "page" })).toMatchObject({
      kind: "planned",
      state: "ignored",
      note: expect.stringContaining("its origin hears nothing"),
    });
    expect(await world.jobs()).toEqual([]);
  });

  test("tells the origin where the protocol has a way, and again while it does not answer", async () => {
    const replies: LeaveReply[] = [
      { kind: "try-later", because: "timeout", detail: "No answer.", retryAfterMs: null },
      { kind: "left" },
    ];
    await using able = await openJudgeWorld([refusing(replies)]);
    const { notificationId: id } = await able.mail({ share: { protocol: "cozy" } });
    expect(await refuse(able.parts, id, { by: "page" })).toMatchObject({ state: "refused", note: null });
    expect(await able.jobs()).toEqual([{ kind: "refuse", subject: id }]);
    const work = createRefuse(able.parts);
    const job = { id: 1, kind: "refuse", subject: id, payload: {}, attempt: 1, fence: 1 } as const;
    const first = await work(job, new AbortController().signal);
    expect(first).toMatchObject({ kind: "retry", because: "timeout" });
    const second = await work({ ...job, attempt: 2 }, new AbortController().signal);
    expect(second.kind).toBe("done");
    await able.store.transaction(async (db) => second.commit?.(db));
    expect((await able.record(id)).at(-1)).toMatchObject({ detail: { what: "refuse", kind: "left" } });
    expect((await readNotification(able.store.db, id))?.state).toBe("refused");
    expect(await accept(able.parts, id, yes)).toMatchObject({ kind: "unchanged" });
  });
});

async function never(): Promise<never> {
  return Promise.reject(new Error("not asked for here"));
}

/** A protocol that can refuse, and whose origin answers as told. */
function refusing(replies: LeaveReply[]): Protocol {
  return {
    name: "cozy",
    capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: false },
    ignoredVariants: [],
    restriction: () => null,
    way: () => ({
      via: "usher",
      way: {
        follow: never,
        check: never,
        leave: never,
        refuse: async () => Promise.resolve(replies.shift() ?? { kind: "left" }),
      },
    }),
  };
}
