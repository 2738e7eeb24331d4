import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { createOxAtOrigin } from "../../../src/protocols/ox/at-origin.ts";
import type { FollowReply, Share } from "../../../src/protocols/protocol.ts";
import type { Certificates } from "../../world/tls.ts";
import {
  asking,
  bob,
  filesFolder,
  openCertificates,
  openOrigin,
  type OriginWorld,
  shareOf,
} from "./ox-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

async function openWorld(): Promise<OriginWorld> {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  return openOrigin(certificates);
}

async function follow(world: OriginWorld, share: Share = world.share): Promise<FollowReply> {
  return world.way.follow(share, bob, asking().ask);
}

async function check(world: OriginWorld, share: Share = world.share): Promise<FollowReply> {
  return world.way.check(share, bob, asking().ask);
}

const lenient = { localPart: "ignore-case", subaddress: "+" } as const;

/** The origin has nothing to complain about, and no session is left open. */
function leftInOrder({ origin }: OriginWorld): void {
  expect(origin.refusals()).toEqual([]);
  expect(origin.openSessions()).toBe(0);
}

describe("a link of a named guest (reference/ox.md 4.1)", () => {
  test("shows who the guest is, the folder, and what lies in it", async () => {
    await using world = await openWorld();
    world.origin.addFolder({ id: "40", title: "Drafts", parent: "39" });
    expect(await follow(world)).toMatchObject({
      kind: "followed",
      guest: "bob@example.org",
      folders: [
        {
          module: "files",
          folder: "39",
          title: "Project Phoenix",
          entries: [
            { id: "40", name: "Drafts", kind: "folder", sizeBytes: null },
            { id: "39/9087", name: "plan.odt", kind: "file", sizeBytes: 4711 },
          ],
        },
      ],
      notFollowed: [],
    });
    leftInOrder(world);
  });

  test("is followed where the session comes in a cookie only", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ sessionOnlyInCookie: true });
    expect((await follow(world)).kind).toBe("followed");
    leftInOrder(world);
  });

  test("is followed where the guest's address has a plus sign", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, "bob+work@example.org");
    expect(await follow(world)).toMatchObject({ kind: "followed", guest: "bob+work@example.org" });
  });

  test("is followed where the address breaks the redirect, by asking who the guest is", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, "bob&sons@example.org");
    const { calls, ask } = asking();
    const who = { ...bob, addresses: ["bob&sons@example.org"] };
    const reply = await world.way.follow(world.share, who, ask);
    expect(reply).toMatchObject({ kind: "followed", guest: "bob&sons@example.org" });
    expect(calls[1]).toMatchObject({ what: "ask who the guest is", meaning: "ok" });
    leftInOrder(world);
  });

  test("is followed for a second spelling of the address where the site says that it is the same", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, "BOB+shares@Example.ORG");
    expect(await follow(world)).toMatchObject({ because: "wrong-account" });
    const way = createOxAtOrigin({ http: world.http, addressRules: () => lenient });
    expect((await way.follow(world.share, bob, asking().ask)).kind).toBe("followed");
  });

  test("is followed where answers come as text/html, and errors in them are seen", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ asHtml: true });
    expect((await follow(world)).kind).toBe("followed");
    world.origin.hideFolder(world.guest.token, "39");
    world.origin.addFolder({ id: "41", title: "Other", guests: [world.guest.token] });
    expect(await check(world)).toMatchObject({ kind: "no", state: "REMOVED", because: "folder-not-visible" });
    leftInOrder(world);
  });

  test("is followed where the server puts requests into its queue", async () => {
    await using world = await openWorld();
    world.origin.enqueueAsJobs(2, 1);
    const { calls, ask } = asking();
    const way = createOxAtOrigin({ http: world.http, jobPollMs: 10 });
    expect((await way.follow(world.share, bob, ask)).kind).toBe("followed");
    expect(calls.filter(({ what }) => what.endsWith("(queued)"))).toHaveLength(4);
    leftInOrder(world);
  });
});

describe("a guest password", () => {
  test("is asked of the account, and never tried empty", async () => {
    await using world = await openWorld();
    world.origin.setPassword(world.guest.token, "Kite-51");
    expect(await follow(world)).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-needed",
    });
    expect(await check(world)).toMatchObject({
      state: "CREDENTIALS_REFRESH",
      because: "guest-password-needed",
    });
    expect(world.origin.guestLogins(world.guest.token)).toEqual({ successful: 0, failed: 0 });
  });

  test("that is wrong is said to be, with the server's code", async () => {
    await using world = await openWorld();
    world.origin.setPassword(world.guest.token, "Kite-51");
    const reply = await follow(world, { ...world.share, password: "Kite-52" });
    expect(reply).toMatchObject({ because: "guest-password-rejected" });
    expect(JSON.stringify(reply)).toContain("LGI-0025");
    expect(JSON.stringify(reply)).not.toContain("Kite");
  });

  test("does not open the share of somebody else", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, "carla@example.com");
    world.origin.setPassword(world.guest.token, "Kite-51");
    const share = { ...world.share, password: "Kite-51" };
    expect(await follow(world, share)).toMatchObject({ state: "FORBIDDEN", because: "wrong-account" });
    leftInOrder(world);
  });
});

describe("a link that opens nothing", () => {
  test("of an anonymous guest is not supported, with or without password", async () => {
    await using world = await openWorld();
    world.origin.setMail(world.guest.token, null);
    expect(await follow(world)).toMatchObject({ state: "UNSUPPORTED", because: "anonymous-guest" });
    world.origin.setPassword(world.guest.token, "Kite-61");
    expect(await follow(world)).toMatchObject({ state: "UNSUPPORTED", because: "anonymous-guest" });
    leftInOrder(world);
  });

  test("of a revoked share is unresolvable at first, and removed later", async () => {
    await using world = await openWorld();
    world.origin.revoke(world.guest.token);
    expect(await follow(world)).toMatchObject({ state: "UNRESOLVABLE", because: "share-revoked" });
    expect(await check(world)).toMatchObject({ state: "REMOVED", because: "share-revoked" });
  });

  test("ends no subscription while the server only has trouble of its own", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ internalError: true });
    expect(await follow(world)).toMatchObject({ kind: "try-later", because: "server-error" });
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "server-error" });
  });

  test("of an older server that gives no status ends no subscription", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ redeemTellsStatus: false });
    world.origin.revoke(world.guest.token);
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "server-error" });
  });

  test("for clients like Usher is a no, but ends no subscription", async () => {
    await using world = await openWorld();
    world.origin.blacklistClient(world.guest.token);
    expect(await follow(world)).toMatchObject({
      kind: "no",
      state: "UNRESOLVABLE",
      because: "client-refused",
    });
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "client-refused" });
  });

  test("without a session is a no, but ends no subscription", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ withoutSession: true });
    expect(await follow(world)).toMatchObject({ state: "UNRESOLVABLE", because: "no-session" });
    expect(await check(world)).toMatchObject({ kind: "try-later", because: "no-session" });
  });
});

describe("several folders of one guest", () => {
  test("are followed by one login, also where the link's own folder is gone", async () => {
    await using world = await openWorld();
    const { origin, guest, share } = world;
    origin.addFolder({ id: "41", title: "Second", guests: [guest.token] });
    const both = { ...share, targets: [...share.targets, filesFolder("41")] };
    expect(await follow(world, both)).toMatchObject({ folders: [{ folder: "39" }, { folder: "41" }] });
    expect(origin.guestLogins(guest.token).successful).toBe(1);
    origin.hideFolder(guest.token, "39");
    expect(await check(world, both)).toMatchObject({
      kind: "followed",
      guest: "bob@example.org",
      folders: [{ folder: "41" }],
      notFollowed: [{ target: { folder: "39" }, because: "folder-not-visible" }],
    });
    leftInOrder(world);
  });

  test("are removed when the last of them is gone", async () => {
    await using world = await openWorld();
    world.origin.removeFolder("39");
    world.origin.addFolder({ id: "42", title: "Not announced", guests: [world.guest.token] });
    expect(await follow(world)).toMatchObject({ state: "UNRESOLVABLE", because: "folder-not-visible" });
    expect(await check(world)).toMatchObject({ state: "REMOVED", because: "folder-not-visible" });
    leftInOrder(world);
  });

  test("that a single file came with are followed without the file", async () => {
    await using world = await openWorld();
    const file = { module: "files", folder: "39", item: "39/9087" } as const;
    const both = { ...world.share, targets: [file, filesFolder("39")] };
    expect(await follow(world, both)).toMatchObject({
      folders: [{ folder: "39" }],
      notFollowed: [{ target: file, because: "single-file" }],
    });
  });
});

describe("restrictions that need no server", () => {
  test("keep every request at home", async () => {
    await using world = await openWorld();
    const { share } = world;
    const calendar = { module: "calendar", folder: "321", item: null } as const;
    const replies = [
      await follow(world, { ...share, variant: "link-created" }),
      await follow(world, { ...share, targets: [] }),
      await follow(world, { ...share, targets: [calendar] }),
      await follow(world, { ...share, link: `${share.link}?a=b` }),
      await world.way.follow(share, { ...bob, modules: ["calendar"] }, asking().ask),
    ];
    expect(replies.map((reply) => reply.kind === "no" && reply.because)).toEqual([
      "anonymous-link",
      "no-folder",
      "calendar-needs-home",
      "link-malformed",
      "module-not-available",
    ]);
    expect(world.origin.connections()).toBe(0);
  });
});

test("a folder with very many files is listed up to the limit", async () => {
  await using world = await openWorld();
  const files = Array.from({ length: limits.folderEntries + 20 }, (_, index) => ({
    id: String(index),
    name: `scan-${index}.pdf`,
    sizeBytes: index,
  }));
  world.origin.addFolder({ id: "43", title: "Scans", files, guests: [world.guest.token] });
  world.origin.addFolder({ id: "44", title: "Older", parent: "43" });
  const reply = await follow(world, shareOf(world.origin, world.guest.token, "43"));
  expect(reply.kind === "followed" && reply.folders[0]?.entries).toHaveLength(limits.folderEntries);
});
