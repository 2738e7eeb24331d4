import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApplication } from "../world/application/application.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { basic } from "../world/ocm/wire.ts";
import { type Seafile, startSeafile } from "../world/sloppy-peer/seafile.ts";
import { type OcmStub, startOcmStub } from "../world/sloppy-peer/stub.ts";
import {
  codeBy,
  content,
  done,
  federate,
  fillApplication,
  knownTo,
  recipientsBecome,
} from "./federation-acts.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn } from "./followed.ts";
import { until } from "./scene.ts";

/** Hard-coded in the stub: filled in once the site has its port. */
const clientIds: string[] = [];

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  "stub.example": async (stage: Stage, hostname: string) =>
    stage.start(startOcmStub, hostname, { clientIds }),
  "seafile.example": seafileOf(false),
  "native.example": seafileOf(true),
} as const;

function seafileOf(native: boolean) {
  return async (stage: Stage, hostname: string): Promise<Seafile> =>
    stage.start(startSeafile, hostname, { native });
}

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;

beforeAll(async () => {
  scene = await openFederation(starters);
  clientIds.push(scene.bob.host);
  fillApplication(scene.peers["files.example"]);
  for (const name of ["seafile.example", "native.example"] as const) scene.peers[name].addUser(dora);
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** Users of Seafile are named by their mail addresses. */
const dora = "dora@mail.example";
const owner = "max@mail.example";
const stub = (): OcmStub => scene.peers["stub.example"];
const seafile = (): Seafile => scene.peers["seafile.example"];
const native = (): Seafile => scene.peers["native.example"];
const bobs = (): string => scene.bob.addressOf("bob");
const report = { path: "report.pdf", title: "report.pdf" } as const;

describe("ocm-stub", () => {
  test("shares a file by code, which is exchanged once; Bob gets it", async () => {
    expect(await stub().shareWith(bobs(), "code")).toBe(201);
    const notification = await held(scene.bob, "file.txt");
    await done(scene.bob, "notification", "accept", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(await browsed(scene.bob, subscription)).toMatchObject([{ name: "file.txt" }]);
    expect(await gotten(scene.bob, subscription, "file.txt")).toBe("Content of the stub.\n");
    expect(
      stub()
        .received("token")
        .filter(({ status }) => status === 200),
    ).toHaveLength(1);
  });

  test("takes what Bob shares, and answers with notifications that call their type so, without a media type", async () => {
    const to = [`alice@${stub().host}`];
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], { ...report, to });
    await recipientsBecome(scene.bob, "bob", sharing, "pending");
    expect(stub().shares()).toMatchObject([{ shareWith: to[0], sender: bobs() }]);
    expect(await stub().acceptShare()).toBe(201);
    await recipientsBecome(scene.bob, "bob", sharing, "accepted");
    expect(await stub().deleteAcceptedShare()).toBe(201);
    await recipientsBecome(scene.bob, "bob", sharing, "refused");
  });

  test("forwards an invitation of Bob's to the old path", async () => {
    expect(await stub().forwardInvite(await codeBy(scene.bob, "bob"))).toBe(200);
    expect(await knownTo(scene.bob, "bob")).toEqual([`alice@${stub().host}`]);
  });
});

describe("Seafile", () => {
  test("shares a library, which Bob reads until it is taken back", async () => {
    const resource = { name: "Logbook", files: { "may/1.txt": "calm", "index.txt": "may" } };
    const { share, status } = await seafile().share({ owner, shareWith: bobs(), resource });
    expect(status).toBe(201);
    const notification = await held(scene.bob, resource.name);
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect((await browsed(scene.bob, subscription)).map(({ name }) => name)).toEqual(["may", "index.txt"]);
    expect(await gotten(scene.bob, subscription, "may/1.txt")).toBe("calm");
    expect(await seafile().unshare(share)).toBe(201);
    await subscriptionIn(scene.bob, notification, "REMOVED");
  });

  test("hears that Bob leaves one library, and wants nothing of another", async () => {
    const files = { "a.txt": "A" };
    const [{ share: leaving }, { share: refusing }] = [
      await seafile().share({ owner, shareWith: bobs(), resource: { name: "Left", files } }),
      await seafile().share({ owner, shareWith: bobs(), resource: { name: "Unwanted", files } }),
    ];
    const notification = await held(scene.bob, "Left");
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(await content(scene.bob, "bob", subscription, "a.txt")).toBe("A");
    bodyOf(await scene.bob.api("bob", "POST", `/notifications/${await held(scene.bob, "Unwanted")}/refuse`));
    await until("one is declined", () => refusing.isOver);
    expect(leaving.isOver).toBe(false);
    await done(scene.bob, "subscription", "remove", subscription);
    await until("the other is left", () => leaving.isOver);
  });

  test("takes what Bob shares, opens it by its secret as a login, and declines it", async () => {
    const to = [`${dora}@${seafile().host}`];
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], { ...report, to });
    await recipientsBecome(scene.bob, "bob", sharing, "pending");
    const [share] = seafile().shares();
    expect(share).toMatchObject({ user: dora, sharedBy: bobs() });
    const headers = { Authorization: basic(share?.secret ?? "", "") };
    const get = { method: "GET", url: `${scene.bob.url}/dav/ocm/`, headers };
    expect(await scene.stage.ask(get)).toMatchObject({ status: 200, text: "What the report says." });
    expect(await seafile().decline(share?.providerId ?? "")).toBe(201);
    await recipientsBecome(scene.bob, "bob", sharing, "refused");
    expect(await scene.stage.ask(get)).toMatchObject({ status: 401 });
  });

  test("hears that Bob takes a share back", async () => {
    const to = [`${dora}@${seafile().host}`];
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], { ...report, to });
    await recipientsBecome(scene.bob, "bob", sharing, "pending");
    await done(scene.bob, "sharing", "revoke", sharing);
    await until("it has no share", () => seafile().shares().length === 0);
    expect(seafile().notifications().at(-1)?.["notificationType"]).toBe("SHARE_UNSHARED");
  });
});

describe("Seafile's native provider", () => {
  test("offers libraries by an API of its own, which is said to be no way to share with this site", async () => {
    const resource = { name: "Native", files: {} };
    expect((await native().share({ owner: "max", shareWith: bobs(), resource })).status).toBe(501);
    const shown = await scene.bob.api("bob", "GET", "/notifications?state=held");
    expect(shown.text).not.toContain("Native");
  });

  test("is understood all the same, whose types of resources are an object, where Bob shares with it", async () => {
    const to = [`${dora}@${native().host}`];
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], { ...report, to });
    await recipientsBecome(scene.bob, "bob", sharing, "pending");
    expect(native().shares()).toMatchObject([{ user: dora, sharedBy: bobs() }]);
  });
});

test("none of them met anything that no server of its family does", () => {
  for (const name of ["stub.example", "seafile.example", "native.example"] as const)
    expect(scene.peers[name].refusals()).toEqual([]);
});
