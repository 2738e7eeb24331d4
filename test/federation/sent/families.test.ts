import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type Nextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type Owncloud, startOwncloud } from "../../world/owncloud/owncloud.ts";
import { openSentWorld, type SentWorld } from "./world.ts";

let world: SentWorld;
beforeAll(async () => {
  world = await openSentWorld(["nc32.example", "nc34.example", "oc.example"]);
});
afterAll(async () => world[Symbol.asyncDispose]());

type Family = Nextcloud | Owncloud;

const dora = { uid: "dora", displayName: "Dora Example", mail: "dora@mail.example" };

const families: Readonly<Record<string, () => Promise<Family>>> = {
  "Nextcloud 32": async () =>
    world.stage.start(startNextcloud, "nc32.example", { generation: 32, users: [dora] }),
  "Nextcloud of the master line": async () =>
    world.stage.start(startNextcloud, "nc34.example", {
      generation: 34,
      users: [dora],
      settings: { sharesPer1200s: null },
    }),
  "ownCloud 10": async () => world.stage.start(startOwncloud, "oc.example", { users: [dora] }),
};

describe.each(Object.entries(families))("%s", (_name, start) => {
  let cloud: Family;
  beforeAll(async () => {
    cloud = await start();
  });
  afterAll(() => {
    expect(cloud.refusals()).toEqual([]);
  });

  const last = () => {
    const share = cloud.taken().at(-1);
    if (share === undefined) throw new Error("The cloud took no share.");
    return share;
  };

  test("gets a file, accepts it, reads it, and hears that it is over", async () => {
    const id = await world.share([cloud.address("dora")]);
    expect(await world.recipient(id)).toMatchObject({
      state: "mail-not-sent",
      cloud: cloud.host,
      mail: null,
    });
    await world.tell();
    const share = last();
    expect(share).toMatchObject({ name: "report.pdf", owner: world.alice, user: "dora", state: "pending" });
    expect(await world.recipient(id)).toMatchObject({ state: "pending", cloudError: null });
    await cloud.accept(share);
    expect(await world.recipient(id)).toMatchObject({ address: cloud.address("dora"), state: "accepted" });
    expect(await cloud.list(share)).toEqual([
      { path: "", isFolder: false, sizeBytes: 21, permissions: '["read"]' },
    ]);
    expect((await cloud.read(share)).text).toBe("What the report says.");
    await world.usher.usher("sharing", "revoke", id);
    // At once, before the cloud hears of it.
    expect((await cloud.read(share)).status).toBe(401);
    await world.tell();
    expect(last()).toMatchObject({ state: "unshared" });
    expect(await world.recipient(id)).toMatchObject({ state: "revoked" });
  });

  test("gets a folder, and what lies in it", async () => {
    const id = await world.share([cloud.address("dora")], {
      title: "Reports",
      webdav: `${world.application.url}Reports/`,
      write: true,
    });
    await world.tell();
    await cloud.accept(last());
    const entries = await cloud.list(last());
    expect(entries.map(({ path, isFolder }) => ({ path, isFolder }))).toEqual([
      { path: "", isFolder: true },
      { path: "2026 & more", isFolder: true },
      { path: "sums.csv", isFolder: false },
    ]);
    expect(entries.map(({ permissions }) => permissions)).toEqual(Array(3).fill('["read","write"]'));
    expect((await cloud.read(last(), "2026 & more/plan ü#1.txt")).text).toBe("The plan.");
    expect((await world.given(id))[0]).toMatchObject({ state: "accepted", form: "webdav" });
  });

  test("declines, and its secret opens nothing any more", async () => {
    const id = await world.share([cloud.address("dora")]);
    await world.tell();
    await cloud.decline(last());
    expect(await world.recipient(id)).toMatchObject({ state: "refused" });
    expect((await cloud.read(last())).status).toBe(401);
  });

  test("leaves what it accepted", async () => {
    const id = await world.share([cloud.address("dora")]);
    await world.tell();
    await cloud.accept(last());
    await cloud.decline(last());
    expect(await world.recipient(id)).toMatchObject({ state: "refused" });
    expect((await cloud.read(last())).status).toBe(401);
  });

  test("does not know somebody: his recipient is an error with the cloud's own words", async () => {
    const id = await world.share([`nobody@${cloud.host}`]);
    await world.tell();
    expect(await world.recipient(id)).toMatchObject({
      state: "error",
      cloudError: expect.stringMatching(/exist/i),
    });
  });
});
