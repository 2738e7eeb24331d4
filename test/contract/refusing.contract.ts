import { describe, expect, test } from "vitest";
import type { FollowReply, LeaveReply, Share } from "../../src/protocols/protocol.ts";
import { endedByItsSignal } from "./by-its-signal.ts";
import type { OpenedWay } from "./origin.contract.ts";

/** What every way must keep where somebody says no: the server to Usher, or the account to the share; part of `followWayContract`. */
export function refusingContract(name: string, open: () => Promise<OpenedWay>): void {
  describe(`${name}: a server that refuses`, () => serverTests(open));
  describe(`${name}: an account that refuses`, () => accountTests(open));
  describe(`${name}: looking behind a share without the right to`, () => lookingTests(open));
}

function serverTests(open: () => Promise<OpenedWay>): void {
  test("every request never counts as followed, and ends no subscription", async ({ skip }) => {
    await using opened = await open();
    const forbid = opened.world.forbid?.bind(opened.world) ?? skip("The world refuses no requests.");
    await forbid();
    expect(["no", "try-later"]).toContain((await follow(opened)).kind);
    await opened.world.well();
    expect((await follow(opened)).kind).toBe("followed");
    await forbid();
    const reply = await check(opened);
    expect(reply.kind === "no" ? reply.state : reply.kind).not.toMatch(/^(?:followed|REMOVED)$/);
    await opened.world.well();
    expect((await check(opened)).kind).toBe("followed");
  });

  test("to be reached keeps a share from being left, until it is back", async () => {
    await using opened = await open();
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.down();
    const away = await leave(opened);
    await opened.world.up();
    expect((await leave(opened)).kind).toBe("left");
    // Where the server keeps a subscription, nobody may believe it gone before the server says so.
    const { world } = opened;
    if (world.subscriptions !== undefined) {
      expect([away.kind, await world.subscriptions()]).toEqual(["try-later", 0]);
    }
    await keepsManners(opened);
  });
}

function accountTests(open: () => Promise<OpenedWay>): void {
  test("tells the origin as often as it is asked to, and follows nothing by it", async ({ skip }) => {
    await using opened = await open();
    const { way, share, follower, world } = opened;
    const refuse = way.refuse?.bind(way) ?? skip("The protocol knows no refusal.");
    expect((await refuse(share, follower, ask())).kind).toBe("left");
    expect((await refuse(share, follower, ask())).kind).toBe("left");
    if (world.subscriptions !== undefined) expect(await world.subscriptions()).toBe(0);
    await keepsManners(opened);
  });
}

function lookingTests(open: () => Promise<OpenedWay>): void {
  test("shows nothing of a share that is somebody else's", async ({ skip }) => {
    await using opened = await open();
    if (!opened.capabilities.canBrowse) skip("The way cannot browse.");
    await follow(opened);
    for (const reply of await look(opened, opened.foreignShare)) {
      expect(reply).toMatchObject({ kind: "no" });
      expect(reply).not.toMatchObject({ state: "REMOVED" });
    }
    await keepsManners(opened);
  });

  test("shows nothing without the password that the share got meanwhile", async ({ skip }) => {
    await using opened = await open();
    if (!opened.capabilities.canBrowse) skip("The way cannot browse.");
    const { world } = opened;
    const setPassword = world.setPassword?.bind(world) ?? skip("The protocol has no passwords.");
    expect((await follow(opened)).kind).toBe("followed");
    await setPassword("Kite-51");
    for (const reply of await look(opened, opened.share)) {
      expect(reply).toMatchObject({ kind: "no", state: "CREDENTIALS_REFRESH" });
    }
    await keepsManners(opened);
  });

  test("waits no longer for a slow server than it may", async ({ skip }) => {
    await using opened = await open();
    if (!opened.capabilities.canBrowse) skip("The way cannot browse.");
    if (opened.shared?.isKeptHere) skip("The origin is not asked.");
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.slow();
    const replies = await endedByItsSignal(look(opened, opened.share, 500));
    expect(replies.map(({ kind }) => kind)).toEqual(["try-later", "try-later"]);
  });
}

/** The answers to listing the root and to opening the shared file. */
async function look({ way, follower, shared }: OpenedWay, share: Share, deadlineMs = 60_000) {
  const wanted = { path: shared?.file ?? "", range: null };
  const listed = await way.browse?.(share, follower, "", ask(deadlineMs));
  const opened = await way.open?.(share, follower, wanted, ask(deadlineMs));
  if (listed === undefined || opened === undefined) throw new Error("The way does not look behind shares.");
  return [listed, opened];
}

async function follow({ way, share, follower }: OpenedWay): Promise<FollowReply> {
  return way.follow(share, follower, ask());
}

async function check({ way, share, follower }: OpenedWay): Promise<FollowReply> {
  return way.check(share, follower, ask());
}

async function leave({ way, share, follower }: OpenedWay): Promise<LeaveReply> {
  return way.leave(share, follower, ask());
}

function ask(deadlineMs = 60_000) {
  return { signal: AbortSignal.timeout(deadlineMs), record: () => undefined };
}

async function keepsManners({ world }: OpenedWay): Promise<void> {
  expect(await world.refusals()).toEqual([]);
  expect(await world.openSessions()).toBe(0);
}
