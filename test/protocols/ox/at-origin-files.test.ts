import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BrowseReply, OpenReply, Share, WantedFile } from "../../../src/protocols/protocol.ts";
import { contentOf } from "../../world/ox/documents.ts";
import type { SharedFile } from "../../world/ox/shares.ts";
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

async function browse(world: OriginWorld, path: string, share: Share = world.share): Promise<BrowseReply> {
  const reply = await world.way.browse?.(share, bob, path, asking().ask);
  if (reply === undefined) throw new Error("The way cannot browse.");
  return reply;
}

async function open(world: OriginWorld, path: string, range: WantedFile["range"] = null): Promise<OpenReply> {
  const reply = await world.way.open?.(world.share, bob, { path, range }, asking().ask);
  if (reply === undefined) throw new Error("The way cannot open files.");
  return reply;
}

async function openedFile(world: OriginWorld, path: string, range: WantedFile["range"] = null) {
  const reply = await open(world, path, range);
  if (reply.kind !== "opened") throw new Error(`The file was not opened: ${JSON.stringify(reply)}`);
  return reply;
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function namesIn(reply: BrowseReply): readonly string[] {
  return reply.kind === "listed" ? reply.entries.map(({ name }) => name) : [reply.kind];
}

/** The origin has nothing to complain about, and no session is left open. */
function leftInOrder({ origin }: OriginWorld): void {
  expect(origin.refusals()).toEqual([]);
  expect(origin.openSessions()).toBe(0);
}

const big: SharedFile = { id: "9100", name: "film.mkv", sizeBytes: 300_000 };

function addFiles(world: OriginWorld, files: readonly SharedFile[]): void {
  world.origin.addFolder({ id: "40", title: "Drafts", parent: "39", files });
}

describe("what lies behind a share", () => {
  test("is listed folder by folder, live", async () => {
    await using world = await openWorld();
    addFiles(world, [big]);
    expect(await browse(world, "")).toEqual({
      kind: "listed",
      path: "",
      entries: [
        { id: "40", name: "Drafts", kind: "folder", sizeBytes: null },
        { id: "39/9087", name: "plan.odt", kind: "file", sizeBytes: 4711 },
      ],
    });
    expect(namesIn(await browse(world, "Drafts"))).toEqual(["film.mkv"]);
    world.origin.addFolder({ id: "41", title: "Later", parent: "40" });
    expect(namesIn(await browse(world, "Drafts"))).toEqual(["Later", "film.mkv"]);
    leftInOrder(world);
  });

  test.each([
    "nothing",
    "plan.odt",
    "Drafts/",
    "/Drafts",
    "../39",
    "Drafts/..",
    ".",
    "Drafts//film.mkv",
    "plan.odt/x",
  ])("is not reached by the path %j", async (path) => {
    await using world = await openWorld();
    addFiles(world, [big]);
    expect(await browse(world, path)).toEqual({ kind: "no-such-path", path });
    leftInOrder(world);
  });

  test("in several folders is listed by their titles, each under a name of its own", async () => {
    await using world = await openWorld();
    const { origin, guest } = world;
    const file = { id: "1", name: "a.txt", sizeBytes: 1 };
    origin.addFolder({ id: "50", title: "Project Phoenix", guests: [guest.token], files: [file] });
    origin.addFolder({ id: "51", title: "Photos/2026", guests: [guest.token] });
    const share = { ...world.share, targets: ["39", "50", "51"].map(filesFolder) };
    const listed = await browse(world, "", share);
    expect(namesIn(listed)).toEqual(["Project Phoenix [39]", "Project Phoenix [50]", "Photos_2026"]);
    expect(namesIn(await browse(world, "Project Phoenix [50]", share))).toEqual(["a.txt"]);
    origin.hideFolder(guest.token, "39");
    expect(namesIn(await browse(world, "", share))).toEqual(["Project Phoenix", "Photos_2026"]);
    expect(namesIn(await browse(world, "Project Phoenix [50]", share))).toEqual(["a.txt"]);
    leftInOrder(world);
  });

  test("is trouble where the origin refuses the list, and no empty folder", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ refusesLists: true });
    expect(await browse(world, "")).toMatchObject({ kind: "try-later", because: "server-error" });
    leftInOrder(world);
  });

  test("is gone with the share, but not with a folder below it", async () => {
    await using world = await openWorld();
    addFiles(world, [big]);
    world.origin.removeFolder("40");
    expect((await browse(world, "Drafts")).kind).toBe("no-such-path");
    world.origin.hideFolder(world.guest.token, "39");
    expect(await browse(world, "")).toMatchObject({ kind: "no", state: "REMOVED" });
    world.origin.revoke(world.guest.token);
    expect(await browse(world, "")).toMatchObject({ kind: "no", state: "REMOVED" });
    leftInOrder(world);
  });

  test("is not shown to anybody but the account", async () => {
    await using world = await openWorld();
    const carla = world.origin.addGuest({ mail: "carla@example.com" });
    world.origin.addFolder({ id: "47", title: "Hers", guests: [carla.token] });
    const foreign = shareOf(world.origin, carla.token, "47");
    expect(await browse(world, "", foreign)).toMatchObject({ kind: "no", state: "FORBIDDEN" });
    leftInOrder(world);
  });

  test("is listed after the session was lost once", async () => {
    await using world = await openWorld();
    const enough = Promise.withResolvers<undefined>();
    world.origin.misbehave({ kind: "held", until: enough.promise }, "api", 1);
    const listing = browse(world, "");
    await expect.poll(() => world.origin.openSessions()).toBe(1);
    world.origin.expireSessions();
    enough.resolve(undefined);
    expect(namesIn(await listing)).toEqual(["plan.odt"]);
    leftInOrder(world);
  });
});

describe("a file behind a share", () => {
  test("comes whole, and the session ends with it", async () => {
    await using world = await openWorld();
    addFiles(world, [big]);
    await using file = await openedFile(world, "Drafts/film.mkv");
    expect(file).toMatchObject({
      name: "film.mkv",
      sizeBytes: 300_000,
      range: null,
      etag: '"40-9100-300000"',
    });
    expect(world.origin.openSessions()).toBe(1);
    expect((await bytesOf(file.body)).equals(contentOf(big))).toBe(true);
    leftInOrder(world);
  });

  test("that is not read gives the session back when it is put away", async () => {
    await using world = await openWorld();
    const file = await openedFile(world, "plan.odt");
    await file[Symbol.asyncDispose]();
    await file[Symbol.asyncDispose]();
    leftInOrder(world);
    expect(world.origin.requests().filter(({ place }) => place === "logout")).toHaveLength(1);
  });

  test.each(["ranges", "whole"] as const)("comes in part, from a server that gives %s", async (documents) => {
    await using world = await openWorld();
    addFiles(world, [big]);
    world.origin.setHabits({ documents });
    const content = contentOf(big);
    for (const [first, last, until] of [
      [0, 0, 0],
      [70_000, 200_000, 200_000],
      [299_990, null, 299_999],
      [10, 999_999, 299_999],
    ] as const) {
      await using file = await openedFile(world, "Drafts/film.mkv", { first, last });
      expect(file.range).toEqual({ first, last: until, ofBytes: 300_000 });
      expect((await bytesOf(file.body)).equals(content.subarray(first, until + 1))).toBe(true);
    }
    const beyond = await open(world, "Drafts/film.mkv", { first: 300_000, last: null });
    expect(beyond).toEqual({ kind: "range-not-satisfiable", sizeBytes: 300_000 });
    leftInOrder(world);
  });

  test("comes whole where the server tells no length, whatever part was asked for", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ documents: "unmeasured" });
    await using file = await openedFile(world, "plan.odt", { first: 5, last: 9 });
    expect(file).toMatchObject({ range: null, sizeBytes: null });
    expect((await bytesOf(file.body)).length).toBe(4711);
    leftInOrder(world);
  });

  test("is not taken from a server that sends another part than the one asked for", async () => {
    await using world = await openWorld();
    world.origin.setHabits({ documents: "wrong-range" });
    expect((await open(world, "plan.odt", { first: 5, last: 9 })).kind).toBe("try-later");
    leftInOrder(world);
  });

  test("that breaks off is an error, and never a shorter file", async () => {
    await using world = await openWorld();
    world.origin.misbehave({ kind: "cut", afterBytes: 1000 }, "document");
    for (const range of [null, { first: 10, last: 2000 }]) {
      await using file = await openedFile(world, "plan.odt", range);
      await expect(bytesOf(file.body)).rejects.toMatchObject({ temporary: true });
    }
    leftInOrder(world);
  });

  test("is read to its end where the share is revoked meanwhile, and not opened again", async () => {
    await using world = await openWorld();
    addFiles(world, [big]);
    await using file = await openedFile(world, "Drafts/film.mkv");
    world.origin.revoke(world.guest.token);
    expect((await bytesOf(file.body)).length).toBe(300_000);
    expect(await open(world, "Drafts/film.mkv")).toMatchObject({ kind: "no", state: "REMOVED" });
    leftInOrder(world);
  });

  test("that was called off in the middle leaves no session behind", async () => {
    await using world = await openWorld();
    world.origin.misbehave({ kind: "cut", afterBytes: 1000, hangs: true }, "document");
    const calledOff = new AbortController();
    const wanted = { path: "plan.odt", range: null };
    const reply = await world.way.open?.(world.share, bob, wanted, asking(calledOff.signal).ask);
    if (reply?.kind !== "opened") throw new Error("The file was not opened.");
    await using file = reply;
    const reading = bytesOf(file.body);
    calledOff.abort();
    await expect(reading).rejects.toThrow();
    leftInOrder(world);
  });

  test("is no folder, and no folder is a file", async () => {
    await using world = await openWorld();
    addFiles(world, [big]);
    expect(await open(world, "Drafts")).toEqual({ kind: "is-a-folder", path: "Drafts" });
    expect(await open(world, "")).toEqual({ kind: "is-a-folder", path: "" });
    expect(await open(world, "Drafts/none")).toEqual({ kind: "no-such-path", path: "Drafts/none" });
    leftInOrder(world);
  });

  test("with a name that needs encoding, or that another has as well, is found", async () => {
    await using world = await openWorld();
    const names = ["50 % & größer?.txt", "a/b#c.txt", "twice.txt", "twice.txt", "twice.txt [61]", ".."];
    addFiles(
      world,
      names.map((name, index) => ({ id: `6${index}`, name, sizeBytes: 0, text: `file ${index}` })),
    );
    const shown = namesIn(await browse(world, "Drafts"));
    expect(new Set(shown).size).toBe(names.length);
    const texts = await Promise.all(
      shown.map(async (name) => {
        await using file = await openedFile(world, `Drafts/${name}`);
        return (await bytesOf(file.body)).toString("utf8");
      }),
    );
    expect(texts).toEqual(names.map((_, index) => `file ${index}`));
    leftInOrder(world);
  });

  test.each([
    ["server-busy", { kind: "status", status: 503, retryAfter: "120" }],
    ["answer-not-understood", { kind: "nonsense" }],
  ] as const)("is asked for again later where the server answers %s", async (because, fault) => {
    await using world = await openWorld();
    world.origin.misbehave(fault, "document");
    expect(await open(world, "plan.odt")).toMatchObject({ kind: "try-later", because });
    leftInOrder(world);
  });
});

test("each request of a visit is in the record, and no secret with it", async () => {
  await using world = await openWorld();
  const { calls, ask } = asking();
  const reply = await world.way.open?.(world.share, bob, { path: "plan.odt", range: null }, ask);
  if (reply?.kind === "opened") await reply[Symbol.asyncDispose]();
  expect(calls.map(({ what, meaning }) => `${what}: ${meaning}`)).toEqual([
    "open the share link: ok",
    "list the subfolders: ok",
    "list the files: ok",
    "open the document: ok",
    "log out: ok",
  ]);
  const text = JSON.stringify(calls);
  for (const secret of [world.guest.token, ...world.origin.secrets()]) expect(text).not.toContain(secret);
});
