import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type HostilePeer, startHostilePeer } from "../../world/hostile-peer/peer.ts";
import { json } from "../../world/ocm/wire.ts";
import { type OcmStub, startOcmStub } from "../../world/sloppy-peer/stub.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";
import { createOrigins } from "../../../src/origins.ts";
import { content, files, lastReceived, receivedShare } from "./received-world.ts";

let world: FollowingWorld;
let way: FollowWay;
beforeEach(async () => {
  world = await openFollowingWorld();
  way = world.way("federated-share", "ocm-share");
});
afterEach(async () => world[Symbol.asyncDispose]());

const ask = () => ({ signal: AbortSignal.timeout(60_000), record: () => undefined });

async function nextcloud(tokens: "offered" | "must-exchange"): Promise<{ cloud: Nextcloud; share: Share }> {
  const cloud = await world.stage.start(startNextcloud, "cloud.ada.example", {
    generation: 34,
    users: [{ uid: "ada" }],
    settings: { tokens },
  });
  await cloud.createShare(world.address("dora"), { name: content.name, files });
  return { cloud, share: await receivedShare(world, "dora") };
}

async function browse(share: Share): Promise<string | undefined> {
  return (await way.browse?.(share, world.dora, "", ask()))?.kind;
}

async function read(share: Share, path = "readme.txt"): Promise<string | undefined> {
  const opened = await way.open?.(share, world.dora, { path, range: null }, ask());
  if (opened?.kind === "opened") await opened[Symbol.asyncDispose]();
  return opened?.kind;
}

const exchanges = (cloud: Nextcloud): number =>
  cloud.requests().filter(({ place }) => place === "token").length;

describe("a share that opens with a token alone", () => {
  test("is exchanged once, however many look at it at the same time", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    expect((await way.follow(share, world.dora, ask())).kind).toBe("followed");
    cloud.expireTokens();
    const release = cloud.holdExchanges();
    const looks = Promise.all(
      Array.from({ length: 10 }, async (_, at) => (at % 2 === 0 ? browse(share) : read(share))),
    );
    await expect.poll(() => exchanges(cloud)).toBe(2);
    release();
    expect(await looks).toEqual(Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? "listed" : "opened")));
    expect(exchanges(cloud)).toBe(2);
    expect(cloud.refusals()).toEqual([]);
  });

  test("is exchanged by one process at a time, and the others take what it got", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    const { site } = world.usher;
    await using beside = createOrigins(site, world.usher.current);
    const protocol = beside.parts.protocols.find(({ name }) => name === "federated-share");
    const other = protocol?.way({ homes: [] }, "ocm-share").way ?? way;
    const release = cloud.holdExchanges();
    const checks = Promise.all(
      [way, other, way, other].map(async (each) => each.check(share, world.dora, ask())),
    );
    await expect.poll(() => exchanges(cloud)).toBe(1);
    release();
    expect((await checks).map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => "followed"));
    expect(exchanges(cloud)).toBe(1);
    expect(cloud.refusals()).toEqual([]);
  });

  test("is never opened by its secret again, also where the answer with the token was lost", async () => {
    const { cloud, share } = await nextcloud("offered");
    cloud.misbehave({ kind: "lost-answer" }, "token", 1);
    expect((await way.follow(share, world.dora, ask())).kind).toBe("try-later");
    expect(cloud.requests().filter(({ place }) => place === "webdav")).toEqual([]);
    expect((await way.follow(share, world.dora, ask())).kind).toBe("followed");
    expect(exchanges(cloud)).toBe(2);
    expect(cloud.refusals()).toEqual([]);
  });

  test("is opened by its secret where its server only offers tokens, and gives none", async () => {
    const { cloud, share } = await nextcloud("offered");
    cloud.misbehave({ kind: "status", status: 404, retryAfter: null }, "token");
    expect((await way.follow(share, world.dora, ask())).kind).toBe("followed");
    expect(await browse(share)).toBe("listed");
    expect(exchanges(cloud)).toBe(1);
    expect(cloud.refusals()).toEqual([]);
  });

  test("keeps its token sealed, and uses it until it ends", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    await way.follow(share, world.dora, ask());
    for (let look = 0; look < 3; look += 1) await way.check(share, world.dora, ask());
    expect(exchanges(cloud)).toBe(1);
    const row = await lastReceived(world, "dora");
    const token = cloud.sent()[0]?.accessToken?.token ?? "";
    expect(token).not.toBe("");
    expect(JSON.stringify(row)).not.toContain(token);
    expect(row.token_expires_at).toBeGreaterThan(Date.now());
    await world.usher.site.store.db
      .updateTable("ocm_received_share")
      .set({ token_expires_at: Date.now() })
      .execute();
    expect((await way.check(share, world.dora, ask())).kind).toBe("followed");
    expect(exchanges(cloud)).toBe(2);
  });

  test("is exchanged after all where a process died over it", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    const dead = { is_exchanged: 1, exchanging_until: Date.now() + 1000 };
    await world.usher.site.store.db.updateTable("ocm_received_share").set(dead).execute();
    expect((await way.follow(share, world.dora, ask())).kind).toBe("followed");
    expect(exchanges(cloud)).toBe(1);
  });

  test("whose server does not trust this site's signature is barred, and not gone", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    await way.follow(share, world.dora, ask());
    cloud.expireTokens();
    cloud.misbehave({ kind: "status", status: 401, retryAfter: null }, "token");
    expect(await way.check(share, world.dora, ask())).toMatchObject({
      state: "FORBIDDEN",
      because: "token-refused",
    });
  });

  test("is gone where its secret is exchanged no more", async () => {
    const { cloud, share } = await nextcloud("must-exchange");
    await way.follow(share, world.dora, ask());
    await cloud.unshare(cloud.sent()[0] ?? never());
    await world.usher.site.store.db.updateTable("ocm_received_share").set({ state: "accepted" }).execute();
    expect(await way.check(share, world.dora, ask())).toMatchObject({ state: "REMOVED" });
  });
});

describe("what a token endpoint answers (reference/ocm.md 4.7, 8)", () => {
  let peer: HostilePeer;
  beforeEach(async () => {
    peer = await world.stage.start(startHostilePeer, "cloud.eve.example", {});
  });

  test.each([
    ["an unknown secret, as specified", 400, "invalid_grant", "UNRESOLVABLE"],
    ["an unknown secret, as the master line of Nextcloud", 401, "invalid_grant", "UNRESOLVABLE"],
    ["a signature that does not verify there", 401, "invalid_request", "FORBIDDEN"],
    ["somebody else", 400, "invalid_client", "FORBIDDEN"],
    ["somebody who may not", 400, "unauthorized_client", "FORBIDDEN"],
    ["a grant that it does not know, in any form", 400, "unsupported_grant_type", "FORBIDDEN"],
  ])("to %s: %i %s", async (_whom, status, error, state) => {
    const body = peer.shareBody(world.address("dora"));
    const { protocol } = body;
    const webdav = { ...protocol.webdav, requirements: ["must-exchange-token"] };
    await peer.post(world.usher.host, "/shares", { ...body, protocol: { ...protocol, webdav } });
    const share = await receivedShare(world, "dora");
    peer.answerWith("token", json(status, { error }));
    expect(await way.follow(share, world.dora, ask())).toMatchObject({ kind: "no", state });
    expect(peer.requests().filter(({ place }) => place === "webdav")).toEqual([]);
  });
});

describe("the code of OCM 1.2, as ocm-stub gives it", () => {
  let stub: OcmStub;
  beforeEach(async () => {
    const clientIds = [world.usher.host];
    stub = await world.stage.start(startOcmStub, "cloud.eve.example", { clientIds });
  });

  test("is exchanged in the form of that time, and what it opens is shown", async () => {
    expect(await stub.shareWith(world.address("dora"))).toBe(201);
    const share = await receivedShare(world, "dora");
    expect(await way.follow(share, world.dora, ask())).toMatchObject({
      kind: "followed",
      folders: [{ entries: [{ name: "file.txt", kind: "file" }] }],
    });
    expect(await read(share, "file.txt")).toBe("opened");
    expect(stub.refusals()).toEqual([]);
  });
});

function never(): never {
  throw new Error("Nothing was shared.");
}
