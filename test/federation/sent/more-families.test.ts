import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type OpenCloud, startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { startSeafile } from "../../world/sloppy-peer/seafile.ts";
import { startOcmStub } from "../../world/sloppy-peer/stub.ts";
import { openSentWorld, type SentWorld } from "./world.ts";

let world: SentWorld;
const names = ["opencloud", "ocis", "reva", "nc34", "seafile", "stub"];
beforeAll(async () => {
  world = await openSentWorld(names.map((name) => `${name}.example`));
});
afterAll(async () => world[Symbol.asyncDispose]());

const dora = { uid: "dora", displayName: "Dora Example", mail: "dora@mail.example" };

describe.each(["opencloud", "ocis", "reva"] as const)("%s", (family) => {
  let cloud: OpenCloud;
  beforeEach(async () => {
    cloud = await world.stage.start(startOpenCloud, `${family}.example`, { family });
    cloud.addUser({ login: "dora", displayName: "Dora Example", mail: "dora@mail.example" });
    cloud.trust(world.usher.host);
  });
  afterEach(() => expect(cloud.refusals()).toEqual([]));

  /** oCIS and reva take shares of whom the user exchanged an invitation with. */
  async function meet(): Promise<void> {
    const given = await world.usher.json<{ invites: { code: string }[] }>(
      "sharing",
      "invite",
      "alice",
      "--print",
    );
    const [token = ""] = given.invites[0]?.code.split("@") ?? [];
    expect(await cloud.acceptInvite("dora", { token, providerDomain: world.usher.host })).toBe(200);
  }

  test("gets a file and a folder as protocol objects, opens them, and hears of their end", async () => {
    await meet();
    const file = await world.share([cloud.addressOf("dora")]);
    const folder = { title: "Reports", webdav: `${world.application.url}Reports/`, write: true };
    await world.share([cloud.addressOf("dora")], folder);
    await world.tell();
    expect((await world.given(file))[0]).toMatchObject({ state: "sent", form: "multi" });
    expect(cloud.received("shares").map(({ status }) => status)).toEqual(
      Array(2).fill(family === "opencloud" ? 200 : 201),
    );
    const shares = cloud.shares().toSorted((one, other) => one.name.localeCompare(other.name));
    const used = await Promise.all(shares.map(async ({ id }) => cloud.use(id)));
    for (const answer of used) expect(answer).toMatchObject({ kind: "answered", status: 207 });
    const texts = used.map((answer) => (answer?.kind === "answered" ? answer.text : ""));
    expect(texts.map((text) => text.match(/<D:response>/g)?.length)).toEqual([1, 3]);
    await world.usher.usher("sharing", "revoke", file);
    await world.tell();
    const [told] = cloud.notifications().slice(-1);
    expect(told).toMatchObject({
      notificationType: "SHARE_UNSHARED",
      notification: { grantee: cloud.addressOf("dora") },
    });
    const left = cloud.shares().find(({ name }) => name === "report.pdf");
    // Only oCIS forgets it; the others find nothing any more.
    if (family === "ocis") expect(left).toBeUndefined();
    else expect(await cloud.use(left?.id ?? "")).toMatchObject({ status: 401 });
    expect(await world.recipient(file)).toMatchObject({ state: "revoked" });
  });

  test("takes nothing of strangers, and says so in its own words", async () => {
    if (family === "opencloud") cloud = await world.stage.start(startOpenCloud, "opencloud.example", {});
    const address = family === "opencloud" ? `nobody@${cloud.host}` : cloud.addressOf("dora");
    const id = await world.share([address]);
    await world.tell();
    const reasons = { opencloud: "peer-does-not-trust", ocis: "peer-does-not-trust", reva: "peer-forbids" };
    expect(await world.recipient(id)).toMatchObject({
      state: "error",
      reason: reasons[family],
      cloudError: expect.stringMatching(/\w+ \w+/),
    });
  });
});

describe("reva, told to exchange the secret", () => {
  test.each(["ocm_share", "standard"] as const)("does so by %s", async (tokenForm) => {
    await using cloud = await world.stage.start(startOpenCloud, "reva.example", {
      family: "reva" as const,
      exchangesTokens: true,
      tokenForm,
    });
    cloud.addUser({ login: "dora", displayName: "Dora Example", mail: "dora@mail.example" });
    cloud.trust(world.usher.host);
    const given = await world.usher.json<{ invites: { code: string }[] }>(
      "sharing",
      "invite",
      "alice",
      "--print",
    );
    const [token = ""] = given.invites[0]?.code.split("@") ?? [];
    await cloud.acceptInvite("dora", { token, providerDomain: world.usher.host });
    const id = await world.share([cloud.addressOf("dora")], { exchange_token: true });
    await world.tell();
    const [share] = cloud.shares();
    expect(await cloud.use(share?.id ?? "")).toMatchObject({ status: 207 });
    const [{ secret } = { secret: "" }] = await world.given(id);
    expect((await world.dav("GET", "/dav/ocm/", secret)).status).toBe(401);
  });
});

describe("Nextcloud of the master line", () => {
  test("exchanges the secret of a share that says so, signed", async () => {
    await using cloud = await world.stage.start(startNextcloud, "nc34.example", {
      generation: 34,
      users: [dora],
    });
    const id = await world.share([cloud.address("dora")], { exchange_token: true });
    await world.tell();
    const [share] = cloud.taken();
    if (share === undefined) throw new Error("The cloud took no share.");
    await cloud.accept(share);
    expect((await cloud.read(share)).text).toBe("What the report says.");
    expect(await world.recipient(id)).toMatchObject({ state: "accepted" });
    expect(cloud.called().filter(({ path }) => path === "/ocm/token")).toMatchObject([{ status: 200 }]);
    expect(cloud.refusals()).toEqual([]);
  });

  test("gets no more shares at a time than it counts, and no refusal is provoked", async () => {
    const users = Array.from({ length: limits.ocmPacedShares + 2 }, (_, at) => ({ uid: `user${at}` }));
    await using cloud = await world.stage.start(startNextcloud, "nc34.example", { generation: 34, users });
    const id = await world.share(users.map(({ uid }) => cloud.address(uid)));
    await world.tell();
    expect(cloud.taken()).toHaveLength(limits.ocmPacedShares);
    expect(cloud.received("shares").map(({ status }) => status)).toEqual(
      Array(limits.ocmPacedShares).fill(201),
    );
    expect((await world.recipients(id)).map(({ state }) => state).toSorted()).toEqual([
      "mail-not-sent",
      "mail-not-sent",
      ...Array<string>(limits.ocmPacedShares).fill("pending"),
    ]);
  });
});

test("Seafile gets its form, whose slash at the end is no trouble, and declines", async () => {
  await using seafile = await world.stage.start(startSeafile, "seafile.example", {});
  seafile.addUser("dora@mail.example");
  const id = await world.share([`dora@mail.example@${seafile.host}`]);
  await world.tell();
  const [share] = seafile.shares();
  expect(share).toMatchObject({ sharedBy: world.alice });
  expect(await world.recipient(id)).toMatchObject({ state: "pending" });
  const { secret = "" } = share ?? {};
  expect((await world.dav("GET", "/dav/ocm/", secret)).status).toBe(200);
  expect(await seafile.decline(share?.providerId ?? "")).toBe(201);
  expect(await world.recipient(id)).toMatchObject({ state: "refused" });
  expect((await world.dav("GET", "/dav/ocm/", secret)).status).toBe(401);
});

test("Seafile hears of the end, and says in its words whom it does not know", async () => {
  await using seafile = await world.stage.start(startSeafile, "seafile.example", {});
  seafile.addUser("dora@mail.example");
  const id = await world.share([`dora@mail.example@${seafile.host}`, `emil@mail.example@${seafile.host}`]);
  await world.tell();
  const [, emil] = await world.recipients(id);
  expect(emil).toMatchObject({ state: "error", cloudError: expect.stringContaining("invalid") });
  await world.usher.usher("sharing", "revoke", id);
  await world.tell();
  expect(seafile.shares()).toEqual([]);
});

test("ocm-stub takes the share, answers in its own careless way, and hears of the end", async () => {
  await using stub = await world.stage.start(startOcmStub, "stub.example", {});
  const id = await world.share([`dora@${stub.host}`]);
  await world.tell();
  expect(stub.shares()).toHaveLength(1);
  expect(await stub.acceptShare()).toBe(201);
  expect(await world.recipient(id)).toMatchObject({ state: "accepted" });
  expect(await stub.deleteAcceptedShare()).toBe(201);
  expect(await world.recipient(id)).toMatchObject({ state: "refused" });
  const again = await world.share([`dora@${stub.host}`]);
  await world.tell();
  await world.usher.usher("sharing", "revoke", again);
  await world.tell();
  expect(stub.received("notifications").map(({ status }) => status)).toEqual([200]);
});
