import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { createOxAtOrigin } from "../../../src/protocols/ox/at-origin.ts";
import type { Call, FollowReply } from "../../../src/protocols/protocol.ts";
import type { Certificates } from "../../world/tls.ts";
import { startTrap } from "../../world/trap.ts";
import { asking, bob, openCertificates, openOrigin, type OriginWorld } from "./ox-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

async function openWorld(): Promise<OriginWorld> {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  return openOrigin(certificates);
}

/** Follows while something happens at the origin right after a call of that name. */
async function followWhile(
  world: OriginWorld,
  what: string,
  happens: (call: Call) => void,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<FollowReply> {
  const record = (call: Call): void => {
    if (call.what === what) happens(call);
  };
  return world.way.follow(world.share, bob, { signal, record });
}

describe("a redirect that no honest server sends (reference/ox.md 11)", () => {
  test.each([
    ["another host", (port: number) => `https://mallory.example:${port}/appsuite/ui`],
    ["a private address", (port: number) => `https://127.0.0.1:${port}/appsuite/ui`],
    ["another scheme", (port: number) => `http://share.cloud-a.example:${port}/appsuite/ui`],
    ["another port", (port: number) => `https://share.cloud-a.example:${port}/appsuite/ui`],
  ])("to %s is refused, and nothing is asked there", async (_name, place) => {
    await using world = await openWorld();
    await using trap = await startTrap("127.0.0.1");
    world.origin.setHabits({ redirectTo: place(trap.port) });
    const first = await world.way.follow(world.share, bob, asking().ask);
    expect(first).toMatchObject({ kind: "no", state: "UNRESOLVABLE", because: "redirect-elsewhere" });
    const again = await world.way.check(world.share, bob, asking().ask);
    expect(again).toMatchObject({ kind: "try-later", because: "redirect-elsewhere" });
    expect(trap.connections).toBe(0);
    expect(world.origin.requests().every(({ place: where }) => where === "link")).toBe(true);
  });

  test.each([
    ["two places", { twoLocations: true }],
    ["no place", { noLocation: true }],
    ["another status", { redirectStatus: 301 }],
    ["no redirect", { redirectStatus: 200 }],
  ])("with %s is refused", async (_name, habits) => {
    await using world = await openWorld();
    world.origin.setHabits(habits);
    const reply = await world.way.follow(world.share, bob, asking().ask);
    expect(reply).toMatchObject({ state: "UNRESOLVABLE", because: "not-a-share-redirect" });
    expect(world.origin.openSessions()).toBe(0);
  });
});

describe("a session that is lost on the way", () => {
  test("is renewed once, and the share is followed", async () => {
    await using world = await openWorld();
    let isFirst = true;
    const reply = await followWhile(world, "open the share link", () => {
      if (isFirst) world.origin.expireSessions();
      isFirst = false;
    });
    expect(reply.kind).toBe("followed");
    expect(world.origin.guestLogins(world.guest.token).successful).toBe(2);
    expect(world.origin.refusals()).toEqual([]);
    expect(world.origin.openSessions()).toBe(0);
  });

  test("twice in a row is tried again later, without a third login", async () => {
    await using world = await openWorld();
    const reply = await followWhile(world, "open the share link", () => world.origin.expireSessions());
    expect(reply).toMatchObject({ kind: "try-later", because: "session-lost" });
    expect(world.origin.guestLogins(world.guest.token).successful).toBe(2);
    expect(world.origin.refusals()).toEqual([]);
  });
});

describe("trouble on the way", () => {
  test("that calls the work off still logs out", async () => {
    await using world = await openWorld();
    const calledOff = new AbortController();
    const reply = await followWhile(world, "open the share link", () => calledOff.abort(), calledOff.signal);
    expect(reply).toMatchObject({ kind: "try-later", because: "called-off" });
    expect(world.origin.guestLogins(world.guest.token).successful).toBe(1);
    expect(world.origin.openSessions()).toBe(0);
  });

  test("that was called off before it began asks and records nothing", async () => {
    await using world = await openWorld();
    const { calls, ask } = asking(AbortSignal.abort());
    const reply = await world.way.follow(world.share, bob, ask);
    expect(reply).toMatchObject({ kind: "try-later", because: "called-off" });
    expect(calls).toEqual([]);
    expect(world.origin.connections()).toBe(0);
  });

  test.each([
    ["an overloaded server", { kind: "status", status: 503, retryAfter: "7" }, "server-busy", 7000],
    ["a broken server", { kind: "status", status: 502, retryAfter: null }, "server-error", null],
    ["a server that hangs up", { kind: "hang-up" }, "connection-broken", null],
    ["a server that talks nonsense", { kind: "nonsense" }, "answer-not-understood", null],
    ["an answer of megabytes", { kind: "huge", bytes: 8 << 20 }, "answer-too-large", null],
    ["an answer that unpacks to megabytes", { kind: "gzip-bomb", bytes: 8 << 20 }, "answer-compressed", null],
  ] as const)(
    "by %s is tried again later, and the session is closed",
    async (_name, fault, because, retryAfterMs) => {
      await using world = await openWorld();
      world.origin.misbehave(fault, "api");
      const reply = await world.way.follow(world.share, bob, asking().ask);
      expect(reply).toMatchObject({ kind: "try-later", because, retryAfterMs });
      expect(world.origin.openSessions()).toBe(0);
    },
  );

  test("by a job that never ends is tried again later, and the session is closed", async () => {
    await using world = await openWorld();
    world.origin.enqueueAsJobs(1, limits.oxJobPolls + 5);
    const way = createOxAtOrigin({ http: world.http, jobPollMs: 1 });
    const reply = await way.follow(world.share, bob, asking().ask);
    expect(reply).toMatchObject({ kind: "try-later", because: "job-unfinished" });
    expect(world.origin.openSessions()).toBe(0);
  });

  test("with another folder than the shared one is never followed, and ends no subscription", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ otherFolder: true });
    const first = await world.way.follow(world.share, bob, asking().ask);
    expect(first).toMatchObject({ state: "UNRESOLVABLE", because: "other-folder-answered" });
    const again = await world.way.check(world.share, bob, asking().ask);
    expect(again).toMatchObject({ kind: "try-later", because: "other-folder-answered" });
    expect(world.origin.openSessions()).toBe(0);
  });

  test("with a list that is too long still follows the folder", async () => {
    await using world = await openWorld();
    const reply = await followWhile(world, "list the subfolders", () =>
      world.origin.misbehave({ kind: "huge", bytes: 8 << 20 }, "api"),
    );
    expect(reply).toMatchObject({ kind: "followed", folders: [{ folder: "39", entries: [] }] });
    expect(world.origin.openSessions()).toBe(0);
  });

  test("by a logout that is not answered does not change what was found", async () => {
    await using world = await openWorld();
    world.origin.misbehave({ kind: "hang-up" }, "logout");
    const { calls, ask } = asking();
    expect((await world.way.follow(world.share, bob, ask)).kind).toBe("followed");
    expect(calls.at(-1)).toMatchObject({ what: "log out", status: null, meaning: "connection-broken" });
  });
});

describe("a host that may not be asked", () => {
  test("is refused by name, ends no subscription, and sees no request", async () => {
    await using world = await openWorld();
    await using trap = await startTrap("127.0.0.1", 0);
    const token = world.guest.token;
    for (const host of [`127.0.0.1:${trap.port}`, `[::1]:${trap.port}`, "metadata.internal"]) {
      const link = `https://${host}/ajax/share/${token}/1/8/Mzk`;
      const share = { ...world.share, origin: `https://${host}`, link };
      const { calls, ask } = asking();
      const first = await world.way.follow(share, bob, ask);
      expect(first).toMatchObject({ kind: "no", state: "UNRESOLVABLE" });
      expect(calls).toMatchObject([{ status: null, method: "GET" }]);
      expect(JSON.stringify([first, calls])).not.toContain(token);
      expect((await world.way.check(share, bob, asking().ask)).kind).toBe("try-later");
    }
    expect(trap.connections).toBe(0);
  });
});

test("the record names each step with a shortened address and no secret", async () => {
  await using world = await openWorld();
  world.origin.setPassword(world.guest.token, "Kite-71");
  const { calls, ask } = asking();
  await world.way.follow({ ...world.share, password: "Kite-71" }, bob, ask);
  expect(calls.map(({ what, status, meaning }) => ({ what, status, meaning }))).toEqual([
    { what: "open the share link", status: 302, meaning: "ok" },
    { what: "log in as the guest", status: 200, meaning: "ok" },
    { what: "probe the folder", status: 200, meaning: "ok" },
    { what: "list the subfolders", status: 200, meaning: "ok" },
    { what: "list the files", status: 200, meaning: "ok" },
    { what: "log out", status: 200, meaning: "ok" },
  ]);
  const { origin, guest } = world;
  expect(calls[0]?.url).toBe(`${origin.base}share/${guest.token.slice(0, 8)}…/1/8/Mzk`);
  expect(calls[1]?.url).toBe(`${origin.base}login?action=guest`);
  expect(JSON.stringify(calls)).not.toMatch(/Kite|session=|share=|[0-9a-f]{32}/);
});
