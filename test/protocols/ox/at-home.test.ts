import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import type { Call, Follower, FollowReply, Share } from "../../../src/protocols/protocol.ts";
import type { Certificates } from "../../world/tls.ts";
import { asking, bob, filesFolder, type HomeWorld, openCertificates, openHome } from "./ox-world.ts";

const bobAtHome: Follower = { ...bob, homes: ["ox"] };

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

async function openWorld(): Promise<HomeWorld> {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  return openHome(certificates);
}

async function follow(world: HomeWorld, share: Share = world.share): Promise<FollowReply> {
  return world.way.follow(share, bobAtHome, asking().ask);
}

async function check(world: HomeWorld, share: Share = world.share): Promise<FollowReply> {
  return world.way.check(share, bobAtHome, asking().ask);
}

function leftInOrder({ home, origin }: HomeWorld): void {
  expect([...home.refusals(), ...origin.refusals()]).toEqual([]);
  expect(home.openSessions()).toBe(0);
}

describe("through the account's own OX server", () => {
  test("a share is subscribed there, and its names are kept", async () => {
    await using world = await openWorld();
    const reply = await follow(world);
    expect(reply).toMatchObject({ kind: "followed", homeAccount: "22", homeFolder: "xox://22/39" });
    expect(world.home.subscriptions()).toMatchObject([{ user: "bob", folders: ["39"], hasPassword: false }]);
    expect(await check(world)).toEqual(reply);
    leftInOrder(world);
  });

  test("a share that stands already is not subscribed again", async () => {
    await using world = await openWorld();
    await follow(world);
    const { calls, ask } = asking();
    await world.way.follow(world.share, bobAtHome, ask);
    expect(calls.map(({ what }) => what)).toEqual(["log in at home", "analyze at home", "log out"]);
  });

  test("a guest password is handed on, renewed, and never shown", async () => {
    await using world = await openWorld();
    world.origin.setPassword(world.guest.token, "Kite-81");
    const first = { ...world.share, password: "Kite-81" };
    expect(await follow(world)).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-needed",
    });
    expect((await follow(world, first)).kind).toBe("followed");
    expect(world.home.subscriptions()).toMatchObject([{ hasPassword: true }]);
    world.origin.setPassword(world.guest.token, "Kite-82");
    const wrong = await follow(world, { ...first, password: "Kite-83" });
    expect(wrong).toMatchObject({ state: "CREDENTIALS_REFRESH", because: "guest-password-rejected" });
    expect(JSON.stringify(wrong)).not.toContain("Kite");
    expect((await follow(world, { ...first, password: "Kite-82" })).kind).toBe("followed");
    leftInOrder(world);
  });

  test("a calendar of the same installation is followed", async () => {
    await using world = await openWorld();
    for (const capability of ["calendar", "calendar_xctx2"])
      world.home.setCapability("bob", capability, true);
    world.origin.addFolder({ id: "321", module: "calendar", title: "Team", guests: [world.guest.token] });
    const link = world.origin.link(world.guest.token, "321");
    const share = {
      ...world.share,
      link,
      targets: [{ module: "calendar", folder: "321", item: null } as const],
    };
    expect(await follow(world, share)).toMatchObject({
      kind: "followed",
      folders: [{ module: "calendar", folder: "321" }],
      homeFolder: "cal://22/321",
    });
    leftInOrder(world);
  });

  test("two folders of one guest are two folders of one account there", async () => {
    await using world = await openWorld();
    world.origin.addFolder({ id: "41", title: "Second", guests: [world.guest.token] });
    const both = { ...world.share, targets: [filesFolder("39"), filesFolder("41"), filesFolder("99")] };
    expect(await follow(world, both)).toMatchObject({
      kind: "followed",
      folders: [{ folder: "39" }, { folder: "41" }],
      notFollowed: [{ target: { folder: "99" } }],
    });
    expect(world.home.subscriptions()).toMatchObject([{ folders: ["39", "41"] }]);
    const { ask } = asking();
    expect(await world.way.leave(both, bobAtHome, ask)).toEqual({ kind: "left" });
    expect(world.home.subscriptions()).toEqual([]);
  });

  test("a subscription is left also when the account has lost the module since", async () => {
    await using world = await openWorld();
    await follow(world);
    const poorer = { ...bobAtHome, modules: [] };
    expect(await world.way.leave(world.share, poorer, asking().ask)).toEqual({ kind: "left" });
    expect(world.home.subscriptions()).toEqual([]);
  });

  test("a subscription that was ended there is found ended, and not renewed by a check", async () => {
    await using world = await openWorld();
    await follow(world);
    await world.way.leave(world.share, bobAtHome, asking().ask);
    expect(await check(world)).toMatchObject({ kind: "no", state: "UNSUBSCRIBED", because: "left-at-home" });
    expect(world.home.subscriptions()).toEqual([]);
  });
});

describe("what the own server says no to", () => {
  test("a share for somebody else is forbidden", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, "carla@example.com");
    expect(await follow(world)).toMatchObject({ state: "FORBIDDEN", because: "wrong-account" });
    leftInOrder(world);
  });

  test.each([false, true])("an anonymous link is a final no (older build: %s)", async (older) => {
    await using world = await openWorld();
    world.home.setOlderBuild(older);
    world.origin.setMail(world.guest.token, null);
    const state = older ? "FORBIDDEN" : "UNSUPPORTED";
    expect(await follow(world)).toMatchObject({ kind: "no", state, because: "anonymous-guest" });
  });

  test.each([false, true])("a revoked share is a final no (older build: %s)", async (older) => {
    await using world = await openWorld();
    world.home.setOlderBuild(older);
    world.origin.revoke(world.guest.token);
    const reply = await follow(world);
    expect(reply).toMatchObject({ kind: "no", state: older ? "REMOVED" : "UNRESOLVABLE" });
  });

  test("a server without federated sharing does not support the share", async () => {
    await using world = await openWorld();
    world.home.setCapability("bob", "filestorage_xox", false);
    expect(await follow(world)).toMatchObject({ state: "UNSUPPORTED", because: "home-does-not-support" });
  });

  test("an account without the module there may not subscribe", async () => {
    await using world = await openWorld();
    world.home.setCapability("bob", "infostore", false);
    expect(await follow(world)).toMatchObject({ state: "UNSUPPORTED", because: "module-not-available" });
    leftInOrder(world);
  });

  test("a standing share outlives that the server's operator takes the permission away", async () => {
    await using world = await openWorld();
    await follow(world);
    world.home.setCapability("bob", "filestorage_xox", false);
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "home-does-not-support" });
    world.home.setCapability("bob", "filestorage_xox", true);
    world.home.setCapability("bob", "infostore", false);
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "module-not-available" });
    world.home.setCapability("bob", "infostore", true);
    expect((await check(world)).kind).toBe("followed");
  });

  test("a standing share whose origin is down is asked for again later", async () => {
    await using world = await openWorld();
    await follow(world);
    await world.origin.goDown();
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "home-cannot-reach-origin" });
  });

  test("a share is looked at again where one of its folders could not be decided", async () => {
    await using world = await openWorld();
    world.origin.addFolder({ id: "41", title: "Second", guests: [world.guest.token] });
    const both = { ...world.share, targets: [filesFolder("39"), filesFolder("41")] };
    expect((await follow(world, both)).kind).toBe("followed");
    const record = ({ what }: Call): void => {
      if (what === "analyze at home") {
        world.origin.misbehave({ kind: "status", status: 500, retryAfter: null }, "link");
      }
    };
    const ask = { signal: AbortSignal.timeout(60_000), record };
    expect(await world.way.check(both, bobAtHome, ask)).toMatchObject({
      kind: "try-later",
      because: "home-cannot-reach-origin",
    });
  });

  test("restrictions keep every request at home", async () => {
    await using world = await openWorld();
    const file = { module: "files", folder: "39", item: "39/9087" } as const;
    const replies = [
      await follow(world, { ...world.share, variant: "link-created" }),
      await follow(world, { ...world.share, targets: [file] }),
      await follow(world, { ...world.share, link: "https://share.cloud-a.example/s/abc" }),
    ];
    expect(replies.map((reply) => reply.kind === "no" && reply.because)).toEqual([
      "anonymous-link",
      "single-file",
      "link-malformed",
    ]);
    expect(world.home.connections() + world.origin.connections()).toBe(0);
  });
});

describe("faults of the own server are no verdict on a share", () => {
  test("a refused login waits an hour, and is tried once", async () => {
    await using world = await openWorld();
    const way = world.withPassword("Home-Door-8");
    for (const deed of ["follow", "check"] as const) {
      const reply = await way[deed](world.share, bobAtHome, asking().ask);
      expect(reply).toMatchObject({
        kind: "try-later",
        because: "home-login-refused",
        retryAfterMs: limits.originErrorPauseMs,
      });
      expect(JSON.stringify(reply)).not.toContain("Home-Door");
    }
    expect(world.home.logins()).toEqual({ successful: 0, failed: 2 });
  });

  test("an address that is no OX server is said to be the wrong one", async () => {
    await using world = await openWorld();
    world.home.misbehave({ kind: "status", status: 404, retryAfter: null });
    expect(await follow(world)).toMatchObject({ kind: "try-later", because: "request-not-accepted" });
    expect(await follow(world)).toMatchObject({ detail: expect.stringContaining("usher account show") });
  });

  test("a session that is lost on the way is renewed once", async () => {
    await using world = await openWorld();
    let isFirst = true;
    const record = (call: Call): void => {
      if (isFirst && call.what === "analyze at home") world.home.expireSessions();
      if (call.what === "analyze at home") isFirst = false;
    };
    const ask = { signal: AbortSignal.timeout(60_000), record };
    expect((await world.way.follow(world.share, bobAtHome, ask)).kind).toBe("followed");
    expect(world.home.logins().successful).toBe(2);
    expect(world.home.subscriptions()).toHaveLength(1);
    leftInOrder(world);
  });

  test("a subscribe whose answer was lost is found standing the next time", async () => {
    await using world = await openWorld();
    let isFirst = true;
    const record = (call: Call): void => {
      if (isFirst && call.what === "analyze at home") world.home.misbehave({ kind: "lost-answer" }, "api", 1);
      isFirst = isFirst && call.what !== "analyze at home";
    };
    const ask = { signal: AbortSignal.timeout(60_000), record };
    expect(await world.way.follow(world.share, bobAtHome, ask)).toMatchObject({ kind: "try-later" });
    expect(world.home.subscriptions()).toHaveLength(1);
    expect((await follow(world)).kind).toBe("followed");
    expect(world.home.subscriptions()).toHaveLength(1);
    leftInOrder(world);
  });
});
