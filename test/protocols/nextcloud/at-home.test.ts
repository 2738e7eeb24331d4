import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCloudMesh } from "../../../src/protocols/open-cloud-mesh.ts";
import { createNextcloudAtHome } from "../../../src/protocols/nextcloud/at-home.ts";
import { noWay } from "../../../src/protocols/no-way.ts";
import type { FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { type Owncloud, startOwncloud } from "../../world/owncloud/owncloud.ts";
import { dora, homeAt, homeTrouble, noticed, wayOutTo } from "../home-world.ts";

const senderName = "sender.example";
const homeName = "home.example";
const files = { "plan.odt": Buffer.from("The plan.") };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage([senderName, homeName]);
});
afterAll(async () => stage[Symbol.asyncDispose]());

interface AtHome extends AsyncDisposable {
  readonly sender: Nextcloud;
  readonly home: Nextcloud | Owncloud;
  readonly way: Required<Omit<FollowWay, "browse" | "open">>;
}

type Kind = "nextcloud" | "owncloud";

async function startHome(kind: Kind): Promise<Nextcloud | Owncloud> {
  const users = [{ uid: "dora", displayName: "Dora D." }, { uid: "erik" }];
  return kind === "nextcloud"
    ? stage.start(startNextcloud, homeName, { generation: 32, users })
    : stage.start(startOwncloud, homeName, { users });
}

async function open(kind: Kind): Promise<AtHome> {
  await using stack = new AsyncDisposableStack();
  const users = [{ uid: "ada", displayName: "Ada Lovelace" }];
  const sender = stack.use(await stage.start(startNextcloud, senderName, { generation: 32, users }));
  const home = stack.use(await startHome(kind));
  const http = stack.use(wayOutTo({ [homeName]: home }, stage.ca));
  const way = createNextcloudAtHome(http, homeAt(kind, home, "dora", home.appPassword("dora")));
  const owned = stack.move();
  return { sender, home, way, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

async function shareOut({ sender, home }: AtHome, name: string, to = "dora"): Promise<Share> {
  await sender.createShare(`${to}@${home.host}`, { name, files });
  return noticed(sender, "ada", name);
}

describe.each<Kind>(["nextcloud", "owncloud"])("the account's own %s", (kind) => {
  followWayContract("federated shares that wait there", async (): Promise<OpenedWay> => {
    const opened = await open(kind);
    const { sender, home, way } = opened;
    const share = await shareOut(opened, "Reports");
    const foreignShare = await shareOut(opened, "Minutes", "erik");
    const answers = () => home.received("home").filter(({ method }) => method === "POST").length;
    return {
      way,
      share,
      foreignShare,
      hidesForeignShares: true,
      follower: dora,
      capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: true, canBrowse: false },
      world: {
        ...homeTrouble(home),
        revoke: async () => {
          for (const sent of sender.sent()) if (sent.state !== "unshared") await sender.unshare(sent);
        },
        inviteAgain: async () => shareOut(opened, "Reports"),
        logins: answers,
        subscriptions: () => home.taken().filter(({ state }) => state === "accepted").length,
        secrets: () => [
          home.appPassword("dora"),
          Buffer.from(`dora:${home.appPassword("dora")}`).toString("base64"),
          ...home.taken().map(({ secret }) => secret),
        ],
      },
      [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
    };
  });

  test("a refusal declines what waits, and the owner's server hears of it", async () => {
    await using opened = await open(kind);
    const share = await shareOut(opened, "Reports");
    const signal = AbortSignal.timeout(60_000);
    expect(await opened.way.refuse(share, dora, { signal, record: () => undefined })).toEqual({
      kind: "left",
    });
    expect(opened.home.taken().map(({ state }) => state)).toEqual(["declined"]);
    expect(opened.sender.sent().map(({ state }) => state)).toEqual(["declined"]);
  });

  test("leaving tells the owner's server", async () => {
    await using opened = await open(kind);
    const share = await shareOut(opened, "Reports");
    const ask = { signal: AbortSignal.timeout(60_000), record: () => undefined };
    expect((await opened.way.follow(share, dora, ask)).kind).toBe("followed");
    expect(opened.sender.sent().map(({ state }) => state)).toEqual(["accepted"]);
    expect(await opened.way.leave(share, dora, ask)).toEqual({ kind: "left" });
    expect(opened.sender.sent().map(({ state }) => state)).toEqual(["left"]);
  });

  test("a notice that names no resource means the only share of its owner, and none of two", async () => {
    await using opened = await open(kind);
    await shareOut(opened, "Reports");
    const unnamed = { ...noticed(opened.sender, "ada", null), targets: [] };
    const ask = { signal: AbortSignal.timeout(60_000), record: () => undefined };
    expect(await opened.way.follow(unnamed, dora, ask)).toMatchObject({
      kind: "followed",
      folders: [{ title: "Reports" }],
    });
    await shareOut(opened, "Minutes");
    await shareOut(opened, "Budget");
    expect(await opened.way.follow(unnamed, dora, ask)).toMatchObject({
      kind: "no",
      because: "several-waiting",
      detail: expect.stringContaining("answer them there"),
    });
    expect(opened.home.taken().filter(({ state }) => state === "accepted")).toHaveLength(1);
  });

  test("a notice that names no resource is followed beside what its owner shared before", async () => {
    await using opened = await open(kind);
    const ask = { signal: AbortSignal.timeout(60_000), record: () => undefined };
    const first = await shareOut(opened, "Reports");
    expect((await opened.way.follow(first, dora, ask)).kind).toBe("followed");
    await shareOut(opened, "Minutes");
    const unnamed = { ...noticed(opened.sender, "ada", null), targets: [] };
    expect(await opened.way.follow(unnamed, dora, ask)).toMatchObject({
      kind: "followed",
      folders: [{ title: "Minutes" }],
    });
    expect((await opened.way.check(first, dora, ask)).kind).toBe("followed");
  });

  test("a wrong app password is no verdict on the share, and says how to mend it", async () => {
    await using opened = await open(kind);
    const share = await shareOut(opened, "Reports");
    await using http = wayOutTo({ [homeName]: opened.home }, stage.ca);
    const way = createNextcloudAtHome(http, homeAt(kind, opened.home, "dora", "wrong"));
    const reply = await way.follow(share, dora, {
      signal: AbortSignal.timeout(60_000),
      record: () => undefined,
    });
    expect(reply).toMatchObject({
      kind: "try-later",
      because: "home-login-refused",
      detail: expect.stringContaining("usher account home add"),
    });
  });
});

test("a notice of a home server that Usher does not know says what is missing", async () => {
  await using http = wayOutTo({}, stage.ca);
  const ways = { invite: noWay, received: noWay, publicLink: noWay };
  const protocol = openCloudMesh(http, ways).find(({ name }) => name === "federated-share");
  const facts = { origin: "https://sender.example", variant: "nextcloud-notification", targets: [] };
  expect(protocol?.restriction(facts, { ...dora, homes: ["ox"] })).toMatchObject({
    because: "federated-share-needs-home",
    isCurable: true,
    detail: expect.stringContaining("usher account home add"),
  });
  expect(protocol?.restriction(facts, dora)).toBeNull();
  expect(protocol?.restriction({ ...facts, variant: "ocm-share" }, { ...dora, homes: [] })).toBeNull();
});
