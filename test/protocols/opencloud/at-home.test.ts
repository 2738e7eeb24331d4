import { afterAll, beforeAll, expect, test } from "vitest";
import { createOpenCloudAtHome } from "../../../src/protocols/opencloud/at-home.ts";
import type { FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { type OpenCloud, startOpenCloud } from "../../world/opencloud/opencloud.ts";
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
  readonly sender: OpenCloud;
  readonly home: OpenCloud;
  readonly password: string;
  readonly way: Required<Omit<FollowWay, "browse" | "open">>;
}

async function open(): Promise<AtHome> {
  await using stack = new AsyncDisposableStack();
  const sender = stack.use(await stage.start(startOpenCloud, senderName, {}));
  const home = stack.use(await stage.start(startOpenCloud, homeName, {}));
  sender.trust(home.host);
  home.trust(sender.host);
  sender.addUser({ login: "ada", displayName: "Ada Lovelace", mail: "ada@sender.example" });
  const user = home.addUser({ login: "dora", displayName: "Dora D.", mail: "dora@home.example" });
  const http = stack.use(wayOutTo({ [homeName]: home }, stage.ca));
  const way = createOpenCloudAtHome(http, homeAt("opencloud", home, "dora", user.appPassword));
  const owned = stack.move();
  return {
    sender,
    home,
    password: user.appPassword,
    way,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function shareOut({ sender, home }: AtHome, name: string): Promise<Share> {
  const resource = { name, files };
  const { status } = await sender.share({ owner: "ada", shareWith: home.addressOf("dora"), resource });
  expect(status).toBe(200);
  return noticed(sender, "ada", name);
}

followWayContract("federated shares at the account's own OpenCloud", async (): Promise<OpenedWay> => {
  const opened = await open();
  const { sender, home, password, way } = opened;
  const share = await shareOut(opened, "Reports");
  // It knows no way to leave or to decline a share: what the contract asks of those is not asked of it.
  return {
    way: { follow: way.follow, check: way.check, leave: async () => ({ kind: "left" }) },
    share,
    foreignShare: noticed(sender, "ada", "Minutes"),
    hidesForeignShares: true,
    follower: { ...dora, homes: ["opencloud"] },
    capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: true, canBrowse: false },
    world: {
      ...homeTrouble(home),
      revoke: () => {
        for (const { id } of home.shares()) home.forget(id);
      },
      logins: () => home.received("home").filter(({ method }) => method === "POST").length,
      secrets: () => [password, Buffer.from(`dora:${password}`).toString("base64")],
    },
    [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
  };
});

const ask = () => ({ signal: AbortSignal.timeout(60_000), record: () => undefined });

test("an accepted item is synchronised at home, once", async () => {
  await using opened = await open();
  const share = await shareOut(opened, "Reports");
  expect(await opened.way.follow(share, dora, ask())).toMatchObject({
    kind: "followed",
    homeAccount: "dora",
  });
  expect(await opened.way.follow(share, dora, ask())).toMatchObject({ kind: "followed" });
  expect(opened.home.shares().map(({ isSynchronized }) => isSynchronized)).toEqual([true]);
  expect(opened.home.received("home").filter(({ method }) => method === "POST")).toHaveLength(1);
});

test("of two items of one name none is taken", async () => {
  await using opened = await open();
  const share = await shareOut(opened, "Reports");
  await shareOut(opened, "Reports");
  expect(await opened.way.follow(share, dora, ask())).toMatchObject({
    kind: "no",
    because: "several-at-home",
  });
});

test("what it cannot do is said: declining and leaving", async () => {
  await using opened = await open();
  const share = await shareOut(opened, "Reports");
  expect(await opened.way.refuse(share, dora, ask())).toMatchObject({
    kind: "no",
    because: "cannot-be-declined-at-home",
  });
  await opened.way.follow(share, dora, ask());
  expect(await opened.way.leave(share, dora, ask())).toMatchObject({
    kind: "no",
    because: "cannot-be-left-at-home",
    detail: expect.stringContaining("hide it there"),
  });
});
