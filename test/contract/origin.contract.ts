import { describe, expect, test } from "vitest";
import { browseContract, type SharedContent } from "./browse.contract.ts";
import { endedByItsSignal } from "./by-its-signal.ts";
import { refusingContract } from "./refusing.contract.ts";
import type {
  Call,
  Capabilities,
  Follower,
  FollowReply,
  FollowWay,
  LeaveReply,
  Share,
} from "../../src/protocols/protocol.ts";

/** The far side of a way, as a contract test moves it. */
export interface FollowWorld {
  /** The sharer takes the share back. */
  revoke(): void | Promise<void>;
  /** Sets or removes the guest's password; absent where the protocol knows no passwords. */
  setPassword?(password: string | null): void | Promise<void>;
  /** The sharer invites once more who has left; absent where the old link does. */
  inviteAgain?(): Share | Promise<Share>;
  /** The server that the way talks to refuses connections. */
  down(): void | Promise<void>;
  /** It is back, at the same address. */
  up(): void | Promise<void>;
  /** Every answer takes longer than a minute. */
  slow(): void | Promise<void>;
  /** Every answer is well-formed HTTP and means nothing. */
  lie(): void | Promise<void>;
  /** Every answer is an overload message (503) with this Retry-After. */
  overload?(retryAfterSeconds: number): void | Promise<void>;
  /** Every request is refused (403), whatever it asks. */
  forbid?(): void | Promise<void>;
  /** The nth request from now on does its work, and its answer is lost on the way. */
  loseAnswer?(nth: number): void | Promise<void>;
  /** Undoes slow, lie, overload, forbid and loseAnswer. */
  well(): void | Promise<void>;
  /** Successful logins so far. */
  logins(): number | Promise<number>;
  /** Sessions of the way that were opened and not closed. */
  openSessions(): number | Promise<number>;
  /** Requests of the way that reached the server so far. */
  requests(): number | Promise<number>;
  /** What the server took as a breach of its protocol; stays empty. */
  refusals(): readonly string[] | Promise<readonly string[]>;
  /** Subscriptions that the server keeps; absent where it keeps none. */
  subscriptions?(): number | Promise<number>;
  /** Session ids and cookie values handed out, to be looked for where they must not appear. */
  secrets?(): readonly string[] | Promise<readonly string[]>;
}

export interface OpenedWay extends AsyncDisposable {
  readonly way: FollowWay;
  /** One folder, for this follower, without password. */
  readonly share: Share;
  readonly follower: Follower;
  /** A share at the same server that was addressed to somebody else. */
  readonly foreignShare: Share;
  /** The server does not tell what is somebody else's from what is gone. */
  readonly hidesForeignShares?: true;
  readonly world: FollowWorld;
  /** What the protocol says that it can do. */
  readonly capabilities: Capabilities;
  /** What lies behind the share; absent where the capabilities say that it cannot be listed. */
  readonly shared?: SharedContent;
}

type Deed = "follow" | "check" | "leave";

/**
 * What every way to follow shares must keep, whatever its protocol. Each test opens a world of its own:
 * `followWayContract("OX, at the origin", openOxOrigin)`.
 */
export function followWayContract(name: string, open: () => Promise<OpenedWay>): void {
  describe(`${name}: following`, () => followingTests(open));
  describe(`${name}: passwords and addressees`, () => admissionTests(open));
  describe(`${name}: trouble`, () => troubleTests(open));
  browseContract(name, open);
  refusingContract(name, open);
  describe(`${name}: leaving and discretion`, () => mannersTests(open));
}

function followingTests(open: () => Promise<OpenedWay>): void {
  test("a share that is followed shows its folder", async () => {
    await using opened = await open();
    const reply = await follow(opened);
    const target = opened.share.targets[0];
    expect(reply).toMatchObject({ kind: "followed", state: "SUBSCRIBED" });
    expect(reply.kind === "followed" && reply.folders[0]).toMatchObject({
      module: target?.module,
      folder: target?.folder,
    });
    await keepsManners(opened);
  });

  test("following twice is following once", async () => {
    await using opened = await open();
    const first = await follow(opened);
    const second = await follow(opened);
    expect([first.kind, second.kind]).toEqual(["followed", "followed"]);
    expect(second).toEqual(first);
    if (opened.world.subscriptions !== undefined) expect(await opened.world.subscriptions()).toBe(1);
    await keepsManners(opened);
  });

  test("a followed share is found in order when it is checked", async () => {
    await using opened = await open();
    await follow(opened);
    expect(await check(opened)).toMatchObject({ kind: "followed", state: "SUBSCRIBED" });
    await keepsManners(opened);
  });

  test("a revoked share is found removed when it is checked", async () => {
    await using opened = await open();
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.revoke();
    expect(await check(opened)).toMatchObject({ kind: "no", state: "REMOVED" });
    await keepsManners(opened);
  });

  test("a share that was revoked before it was followed is a final no", async () => {
    await using opened = await open();
    await opened.world.revoke();
    const reply = await follow(opened);
    expect(reply.kind).toBe("no");
    expect(["UNRESOLVABLE", "REMOVED"]).toContain(reply.kind === "no" && reply.state);
    if (opened.world.subscriptions !== undefined) expect(await opened.world.subscriptions()).toBe(0);
    await keepsManners(opened);
  });
}

function admissionTests(open: () => Promise<OpenedWay>): void {
  test("a share for somebody else is forbidden and leaves nothing behind", async () => {
    await using opened = await open();
    const reply = await follow(opened, opened.foreignShare);
    const state = opened.hidesForeignShares === true ? "UNRESOLVABLE" : "FORBIDDEN";
    expect(reply).toMatchObject({ kind: "no", state });
    if (opened.world.subscriptions !== undefined) expect(await opened.world.subscriptions()).toBe(0);
    await keepsManners(opened);
  });

  test("a guest password is asked for, a wrong one refused, the right one taken", async ({ skip }) => {
    await using opened = await open();
    const setPassword = passwordSwitch(opened, skip);
    await setPassword("Kite-11");
    const asked = await follow(opened);
    expect(asked).toMatchObject({ kind: "no", state: "ADDABLE_WITH_PASSWORD" });
    const wrong = await follow(opened, { ...opened.share, password: "Kite-12" });
    expect(wrong).toMatchObject({ kind: "no", state: "ADDABLE_WITH_PASSWORD" });
    const right = await follow(opened, { ...opened.share, password: "Kite-11" });
    expect(right).toMatchObject({ kind: "followed", state: "SUBSCRIBED" });
    await keepsManners(opened);
  });

  test("a password that changed is asked for anew, and following with it mends the share", async ({
    skip,
  }) => {
    await using opened = await open();
    const setPassword = passwordSwitch(opened, skip);
    await setPassword("Kite-21");
    const first = { ...opened.share, password: "Kite-21" };
    expect((await follow(opened, first)).kind).toBe("followed");
    await setPassword("Kite-22");
    expect(await check(opened, first)).toMatchObject({ kind: "no", state: "CREDENTIALS_REFRESH" });
    const second = { ...opened.share, password: "Kite-22" };
    expect((await follow(opened, second)).kind).toBe("followed");
    expect((await check(opened, second)).kind).toBe("followed");
    await keepsManners(opened);
  });

  test("a share without password that got one later asks for it", async ({ skip }) => {
    await using opened = await open();
    const setPassword = passwordSwitch(opened, skip);
    expect((await follow(opened)).kind).toBe("followed");
    await setPassword("Kite-31");
    expect(await check(opened)).toMatchObject({ kind: "no", state: "CREDENTIALS_REFRESH" });
    await keepsManners(opened);
  });
}

function troubleTests(open: () => Promise<OpenedWay>): void {
  test("a server that is down is asked again later, and then it works", async () => {
    await using opened = await open();
    await opened.world.down();
    expect((await follow(opened)).kind).toBe("try-later");
    await opened.world.up();
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.down();
    expect((await check(opened)).kind).toBe("try-later");
    await opened.world.up();
    expect((await check(opened)).kind).toBe("followed");
    await keepsManners(opened);
  });

  test("a slow server is given up at the deadline and asked again later", async () => {
    await using opened = await open();
    await opened.world.slow();
    const following = follow(opened, opened.share, AbortSignal.timeout(1000));
    expect((await endedByItsSignal(following)).kind).toBe("try-later");
    await opened.world.well();
    expect((await follow(opened)).kind).toBe("followed");
  });

  test("a server that answers nonsense never counts as followed", async () => {
    await using opened = await open();
    await opened.world.lie();
    expect(["try-later", "no"]).toContain((await follow(opened)).kind);
    await opened.world.well();
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.lie();
    expect((await check(opened)).kind).toBe("try-later");
  });

  test("an overloaded server is asked again when it says so", async ({ skip }) => {
    await using opened = await open();
    const overload = opened.world.overload?.bind(opened.world) ?? skip("The world cannot be overloaded.");
    await overload(120);
    expect(await follow(opened)).toMatchObject({ kind: "try-later", retryAfterMs: 120_000 });
  });

  test("whichever answer is lost, following again is following once", async ({ skip }) => {
    for (let nth = 1, isLost = true; isLost; nth += 1) {
      await using opened = await open();
      const loseAnswer = opened.world.loseAnswer?.bind(opened.world) ?? skip("The world loses no answers.");
      await loseAnswer(nth);
      const reply = await follow(opened);
      isLost = (await opened.world.requests()) >= nth;
      expect(["followed", "try-later"]).toContain(reply.kind);
      await opened.world.well();
      expect((await follow(opened)).kind).toBe("followed");
      if (opened.world.subscriptions !== undefined) expect(await opened.world.subscriptions()).toBe(1);
      expect(await opened.world.refusals()).toEqual([]);
    }
  });

  test("nothing is asked once the work was called off", async () => {
    await using opened = await open();
    const before = await opened.world.requests();
    const reply = await follow(opened, opened.share, AbortSignal.abort());
    expect(reply.kind).toBe("try-later");
    expect(await opened.world.requests()).toBe(before);
  });

  test("work that is called off in the middle ends at once", async () => {
    await using opened = await open();
    await opened.world.slow();
    const calledOff = new AbortController();
    const pending = follow(opened, opened.share, calledOff.signal);
    await expect.poll(async () => opened.world.requests(), { interval: 10 }).toBe(1);
    calledOff.abort();
    expect((await endedByItsSignal(pending)).kind).toBe("try-later");
  });
}

function mannersTests(open: () => Promise<OpenedWay>): void {
  test("leaving twice is leaving once", async () => {
    await using opened = await open();
    expect((await follow(opened)).kind).toBe("followed");
    expect((await leave(opened)).kind).toBe("left");
    expect((await leave(opened)).kind).toBe("left");
    if (opened.world.subscriptions !== undefined) expect(await opened.world.subscriptions()).toBe(0);
    await keepsManners(opened);
  });

  test("leaving a share that was revoked is leaving", async () => {
    await using opened = await open();
    expect((await follow(opened)).kind).toBe("followed");
    await opened.world.revoke();
    expect((await leave(opened)).kind).toBe("left");
    await keepsManners(opened);
  });

  test("a share that was left can be followed again", async () => {
    await using opened = await open();
    await follow(opened);
    await leave(opened);
    const share = (await opened.world.inviteAgain?.()) ?? opened.share;
    expect((await follow(opened, share)).kind).toBe("followed");
    expect((await check(opened, share)).kind).toBe("followed");
    await keepsManners(opened);
  });

  test("one follow is at most one login", async () => {
    await using opened = await open();
    const before = await opened.world.logins();
    await follow(opened);
    expect((await opened.world.logins()) - before).toBe(1);
  });

  test("every request is in the record, and no secret with it", async () => {
    await using opened = await open();
    await opened.world.setPassword?.("Kite-41");
    const share =
      opened.world.setPassword === undefined ? opened.share : { ...opened.share, password: "Kite-41" };
    for (const deed of ["follow", "check", "leave"] as const) {
      const before = await opened.world.requests();
      const { calls, reply } = await recorded(opened, deed, share);
      expect(calls).toHaveLength((await opened.world.requests()) - before);
      await hidesSecrets(opened, share, JSON.stringify({ calls, reply: wordsOf(reply) }));
    }
  });

  test("what failed is in the record as well, and no secret with it", async () => {
    await using opened = await open();
    await opened.world.down();
    const { calls, reply } = await recorded(opened, "follow", opened.share);
    expect(calls.at(-1)).toMatchObject({ status: null });
    await hidesSecrets(opened, opened.share, JSON.stringify({ calls, reply }));
    await opened.world.up();
  });
}

function passwordSwitch(opened: OpenedWay, skip: (note: string) => never) {
  return opened.world.setPassword?.bind(opened.world) ?? skip("The protocol has no passwords.");
}

async function follow(opened: OpenedWay, share = opened.share, signal = AbortSignal.timeout(60_000)) {
  return opened.way.follow(share, opened.follower, { signal, record: () => undefined });
}

async function check(opened: OpenedWay, share = opened.share): Promise<FollowReply> {
  return opened.way.check(share, opened.follower, ask().ask);
}

async function leave(opened: OpenedWay): Promise<LeaveReply> {
  return opened.way.leave(opened.share, opened.follower, ask().ask);
}

function ask() {
  const calls: Call[] = [];
  const record = (call: Call) => void calls.push(call);
  return { calls, ask: { signal: AbortSignal.timeout(60_000), record } };
}

async function recorded(opened: OpenedWay, deed: Deed, share: Share) {
  const asked = ask();
  const reply = await opened.way[deed](share, opened.follower, asked.ask);
  return { calls: asked.calls, reply };
}

/** Nothing stays open at the far side, and it had no reason to complain. */
async function keepsManners(opened: OpenedWay): Promise<void> {
  expect(await opened.world.refusals()).toEqual([]);
  expect(await opened.world.openSessions()).toBe(0);
}

function wordsOf(reply: FollowReply | LeaveReply): string {
  return "detail" in reply ? reply.detail : reply.kind;
}

/** A shortened secret shows its first eight characters; more of it must not be there. */
async function hidesSecrets(opened: OpenedWay, share: Share, text: string): Promise<void> {
  const inLink = share.link.split(/[/?#&=]/u).filter((part) => part.length > 16 && !part.includes("."));
  const given = (await opened.world.secrets?.()) ?? [];
  const secrets = [...inLink, ...given, ...(share.password === null ? [] : [share.password])];
  expect(secrets.length).toBeGreaterThan(0);
  const shown = secrets.filter((secret) => text.includes(secret.slice(0, 12)));
  expect(shown.length, "secrets in the record").toBe(0);
}
