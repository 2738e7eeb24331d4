import { describe, expect, test } from "vitest";
import type { BrowseReply, OpenedFile, OpenReply, WantedFile } from "../../src/protocols/protocol.ts";
import type { OpenedWay } from "./origin.contract.ts";

/** What a world has put behind its share: one file in a folder of a name that needs encoding, and how it fails. */
export interface SharedContent {
  /** Path of the folder that the file lies in; the root only where there are no folders. */
  readonly folder: string;
  /** Path of the file. */
  readonly file: string;
  /** What is in it, at least 1000 bytes. */
  readonly bytes: Uint8Array;
  /** The origin sends it here: it is shown whether or not the origin answers, until the share ends. */
  readonly isKeptHere?: true;
  /** Bodies of files break off after so many bytes, until `world.well()`; absent where they are kept here. */
  breakOff?(afterBytes: number): void | Promise<void>;
}

const noPaths = ["..", ".", "", "a//b", "/", "%2e%2e", "..%2f..", "..\\..", "\u0000", "x".repeat(4000)];

/** What every way that can list and open what is behind a share must keep; part of `followWayContract`. */
export function browseContract(name: string, open: () => Promise<OpenedWay>): void {
  const whenFollowed = async (): Promise<OpenedWay> => followed(await open());
  describe(`${name}: what the flags say`, () => {
    test("is what the way does", async () => {
      await using opened = await open();
      const { way, capabilities, shared } = opened;
      expect(way.browse !== undefined).toBe(capabilities.canBrowse);
      expect(way.open !== undefined).toBe(capabilities.canBrowse);
      expect(way.refuse !== undefined).toBe(capabilities.canRefuse);
      expect(shared !== undefined).toBe(capabilities.canBrowse);
    });
  });
  describe(`${name}: listing what is shared`, () => listingTests(whenFollowed));
  describe(`${name}: opening files`, () => openingTests(whenFollowed));
}

function listingTests(open: () => Promise<OpenedWay>): void {
  test("shows each entry under a name that leads to it", async ({ skip }) => {
    await using opened = await open();
    const shared = opened.shared ?? skip("The way cannot browse.");
    const root = namesIn(await browse(opened, ""));
    expect(root).toContain(shared.file.split("/")[0]);
    const names = namesIn(await browse(opened, shared.folder));
    expect(names).toContain(shared.file.slice(shared.file.lastIndexOf("/") + 1));
    expect(new Set(names).size).toBe(names.length);
    await keepsManners(opened);
  });

  test("finds nothing by a path that climbs, is empty or is encoded", async ({ skip }) => {
    await using opened = await open();
    const shared = opened.shared ?? skip("The way cannot browse.");
    for (const wrong of noPaths) {
      const path = shared.folder === "" ? `${wrong}/` : `${shared.folder}/${wrong}`;
      expect(await browse(opened, path)).toEqual({ kind: "no-such-path", path });
      expect(await openFile(opened, path)).toEqual({ kind: "no-such-path", path });
    }
    expect((await browse(opened, shared.file)).kind).toBe("no-such-path");
    expect((await openFile(opened, shared.folder)).kind).toBe("is-a-folder");
    await keepsManners(opened);
  });

  test("ends with the share, and waits for a server that is down", async ({ skip }) => {
    await using opened = await open();
    const { file, isKeptHere } = opened.shared ?? skip("The way cannot browse.");
    await opened.world.down();
    expect((await browse(opened, "")).kind).toBe(isKeptHere ? "listed" : "try-later");
    const reply = await openFile(opened, file);
    expect(reply.kind).toBe(isKeptHere ? "opened" : "try-later");
    if (reply.kind === "opened") await reply[Symbol.asyncDispose]();
    await opened.world.up();
    expect((await browse(opened, "")).kind).toBe("listed");
    await opened.world.revoke();
    expect(await browse(opened, "")).toMatchObject({ kind: "no", state: "REMOVED" });
    expect(await openFile(opened, file)).toMatchObject({ kind: "no", state: "REMOVED" });
    await keepsManners(opened);
  });

  test("believes no nonsense", async ({ skip }) => {
    await using opened = await open();
    const { file, isKeptHere } = opened.shared ?? skip("The way cannot browse.");
    if (isKeptHere) skip("The origin is not asked.");
    await opened.world.lie();
    expect((await browse(opened, "")).kind).toBe("try-later");
    expect((await openFile(opened, file)).kind).toBe("try-later");
  });
}

function openingTests(open: () => Promise<OpenedWay>): void {
  test("gives the file, and gives the session back with it", async ({ skip }) => {
    await using opened = await open();
    const { file, bytes } = opened.shared ?? skip("The way cannot browse.");
    {
      await using read = await mustOpen(opened, file);
      expect(read.range).toBeNull();
      expect((await bytesOf(read)).equals(bytes)).toBe(true);
    }
    const unread = await mustOpen(opened, file);
    await unread[Symbol.asyncDispose]();
    await keepsManners(opened);
  });

  test("gives the part that was asked for, or says that it gives the whole", async ({ skip }) => {
    await using opened = await open();
    const { file, bytes } = opened.shared ?? skip("The way cannot browse.");
    for (const range of [
      { first: 0, last: 0 },
      { first: 10, last: 99 },
      { first: 990, last: null },
    ]) {
      await using part = await mustOpen(opened, file, range);
      const { first, last } = part.range ?? { first: 0, last: bytes.length - 1 };
      if (part.range !== null) expect(first).toBe(range.first);
      expect((await bytesOf(part)).equals(bytes.subarray(first, last + 1))).toBe(true);
    }
    expect((await openFile(opened, file, { first: 1e9, last: null })).kind).not.toBe("try-later");
  });

  test("never passes a part that broke off for the whole", async ({ skip }) => {
    await using opened = await open();
    const shared = opened.shared ?? skip("The way cannot browse.");
    const breakOff = shared.breakOff?.bind(shared) ?? skip("The origin is not asked.");
    await breakOff(500);
    {
      await using file = await mustOpen(opened, shared.file);
      await expect(bytesOf(file)).rejects.toThrow();
    }
    await opened.world.well();
    await keepsManners(opened);
  });
}

/** Only what is followed is listed. */
async function followed(opened: OpenedWay): Promise<OpenedWay> {
  const { way, share, follower } = opened;
  const reply = await way.follow(share, follower, ask());
  if (reply.kind !== "followed") throw new Error(`The share was not followed: ${JSON.stringify(reply)}`);
  return opened;
}

async function browse({ way, share, follower }: OpenedWay, path: string): Promise<BrowseReply> {
  const reply = await way.browse?.(share, follower, path, ask());
  if (reply === undefined) throw new Error("The way does not browse.");
  return reply;
}

async function openFile(
  { way, share, follower }: OpenedWay,
  path: string,
  range: WantedFile["range"] = null,
): Promise<OpenReply> {
  const reply = await way.open?.(share, follower, { path, range }, ask());
  if (reply === undefined) throw new Error("The way opens no files.");
  if (reply.kind === "opened" && (range?.first ?? 0) > 1e8) await reply[Symbol.asyncDispose]();
  return reply;
}

async function mustOpen(
  opened: OpenedWay,
  path: string,
  range: WantedFile["range"] = null,
): Promise<OpenedFile> {
  const reply = await openFile(opened, path, range);
  if (reply.kind !== "opened") throw new Error(`The file was not opened: ${JSON.stringify(reply)}`);
  return reply;
}

async function bytesOf({ body }: OpenedFile): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function namesIn(reply: BrowseReply): readonly string[] {
  return reply.kind === "listed" ? reply.entries.map(({ name }) => name) : [reply.kind];
}

function ask() {
  return { signal: AbortSignal.timeout(60_000), record: () => undefined };
}

async function keepsManners({ world }: OpenedWay): Promise<void> {
  expect(await world.refusals()).toEqual([]);
  expect(await world.openSessions()).toBe(0);
}
