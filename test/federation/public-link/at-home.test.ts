import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type Owncloud, startOwncloud } from "../../world/owncloud/owncloud.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";
import { announcedLink } from "./links.ts";

let world: FollowingWorld;
let eve: Nextcloud;
let home: Nextcloud;
let owncloud: Owncloud;
let way: FollowWay;
let calls: Call[] = [];

beforeAll(async () => {
  world = await openFollowingWorld();
  eve = await world.stage.start(startNextcloud, "cloud.eve.example", {
    generation: 32,
    users: [{ uid: "eve", displayName: "Eve Example" }],
  });
  home = await world.stage.start(startNextcloud, "cloud.ada.example", {
    generation: 32,
    users: [{ uid: "dora" }],
  });
  owncloud = await world.stage.start(startOwncloud, "files.eve.example", { users: [{ uid: "eve" }] });
  const password = (): string => home.appPassword("dora");
  const homes = [{ kind: "nextcloud", baseUrl: home.origin, login: "dora", password }] as const;
  const found = world.protocol("public-link").way({ homes }, "s-token");
  expect(found.via).toBe("home");
  way = found.way;
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(() => void (calls = []));

const ask = () => ({ signal: AbortSignal.timeout(60_000), record: (call: Call) => void calls.push(call) });
const follow = async (share: Share, password: string | null = null) =>
  way.follow({ ...share, password }, world.dora, ask());

describe("a public link of Nextcloud, for an account at home at a Nextcloud", () => {
  test("is asked for by the home server, and accepted there", async () => {
    const link = eve.link({ name: "Plans", files: { "a.txt": "A" } });
    const share = await announcedLink(world, link.url, "Plans");
    const reply = await follow(share);
    expect(reply).toMatchObject({ kind: "followed", homeAccount: "dora", folders: [{ title: "Plans" }] });
    const taken = home.taken().find(({ name }) => name === "Plans");
    expect(taken?.state).toBe("accepted");
    expect(eve.sent().map(({ to }) => to)).toEqual([home.address("dora")]);
    expect(await way.check(share, world.dora, ask())).toMatchObject({ kind: "followed" });
    expect(JSON.stringify(calls)).not.toContain(link.token);
    expect(await follow(share)).toEqual(reply);
    expect(await way.browse?.(share, world.dora, "", ask())).toMatchObject({
      kind: "no",
      state: "UNSUPPORTED",
      because: "lies-at-home",
      detail: expect.stringContaining(home.host),
    });
    expect(await way.leave(share, world.dora, ask())).toEqual({ kind: "left" });
    expect(taken?.state).toBe("left");
    expect(await way.check(share, world.dora, ask())).toMatchObject({ kind: "no", state: "REMOVED" });
  });

  test("with a password wants it, and takes it", async () => {
    const link = eve.link({ name: "Secret plans", files: { "a.txt": "A" }, password: "Kite-11" });
    const share = await announcedLink(world, link.url, "Secret plans");
    expect(await follow(share)).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-needed",
    });
    expect(await follow(share, "Kite-12")).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-rejected",
    });
    expect(await follow(share, "Kite-11")).toMatchObject({ kind: "followed" });
    expect(JSON.stringify(calls)).not.toContain("Kite");
  });

  test("that takes files in alone is refused in the words of its server", async () => {
    const link = eve.link({ name: "Drop", files: {}, isFileDrop: true });
    expect(await follow(await announcedLink(world, link.url, "Drop"))).toMatchObject({
      kind: "no",
      because: "link-not-converted",
      detail: expect.stringContaining("Mounting file drop not supported"),
    });
  });

  test("is asked for again later where its server could not bring it home", async () => {
    const share = await announcedLink(world, eve.link({ name: "Far", files: {} }).url, "Far");
    home.misbehave({ kind: "status", status: 503, retryAfter: null }, "shares");
    expect(await follow(share)).toMatchObject({ kind: "try-later", because: "home-not-reached" });
    home.behave();
    expect(await follow(share)).toMatchObject({ kind: "followed", folders: [{ title: "Far" }] });
  });

  test("is asked for again later while the home server is away", async () => {
    const link = eve.link({ name: "Later", files: { "a.txt": "A" } });
    const share = await announcedLink(world, link.url, "Later");
    await home.goDown();
    expect((await follow(share)).kind).toBe("try-later");
    await home.comeUp();
    expect((await follow(share)).kind).toBe("followed");
  });

  test("of ownCloud is followed by Usher itself all the same", async () => {
    const link = owncloud.link({ name: "Minutes", files: { "a.txt": "A" } });
    const share = await announcedLink(world, link.url, "Minutes");
    expect(await follow(share)).toMatchObject({ kind: "followed", homeAccount: null });
    expect(await way.browse?.(share, world.dora, "", ask())).toMatchObject({ entries: [{ name: "a.txt" }] });
    expect(await way.check(share, world.dora, ask())).toMatchObject({ kind: "followed" });
    expect(await way.leave(share, world.dora, ask())).toEqual({ kind: "left" });
  });
});
