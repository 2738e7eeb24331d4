import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../store/temporary.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { type OpenCloud, startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { type Owncloud, startOwncloud } from "../../world/owncloud/owncloud.ts";
import { type Seafile, startSeafile } from "../../world/sloppy-peer/seafile.ts";
import { type OcmStub, startOcmStub } from "../../world/sloppy-peer/stub.ts";
import { startUsher, type Usher } from "../usher.ts";
import { notificationOf, receivedFrom } from "./arrived.ts";

let stage: Stage;
let usher: Usher;
let nc32: Nextcloud;
let nc34: Nextcloud;
let owncloud: Owncloud;
let openCloud: OpenCloud;
let ocis: OpenCloud;
let seafile: Seafile;
let stub: OcmStub;

beforeAll(async () => {
  stage = await openStage([
    "usher.example",
    "nc32.example",
    "nc34.example",
    "oc.example",
    "opencloud.example",
    "ocis.example",
    "seafile.example",
    "stub.example",
  ]);
  usher = await startUsher(stage, { hostname: "usher.example", accounts: ["dora", "emil"] });
  const users = [{ uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" }];
  nc32 = await stage.start(startNextcloud, "nc32.example", { generation: 32, users });
  const settings = { tokens: "must-exchange" } as const;
  nc34 = await stage.start(startNextcloud, "nc34.example", { generation: 34, users, settings });
  owncloud = await stage.start(startOwncloud, "oc.example", { users });
  openCloud = await stage.start(startOpenCloud, "opencloud.example", { family: "opencloud" as const });
  ocis = await stage.start(startOpenCloud, "ocis.example", { family: "ocis" as const });
  for (const cloud of [openCloud, ocis]) {
    cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    cloud.trust(usher.host);
  }
  seafile = await stage.start(startSeafile, "seafile.example", {});
  stub = await stage.start(startOcmStub, "stub.example", {});
});

afterAll(async () => {
  await usher[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

function at(account: string): string {
  return `${account}@${usher.host}`;
}

describe("a share of each family waits as a notification", () => {
  test("Nextcloud 32, which looks at /ocm-provider/, signs by draft-cavage and wants exactly 201", async () => {
    const outcome = await nc32.createShare(at("dora"), { name: "from 32.pdf", file: "content" });
    expect(outcome.kind).toBe("created");
    const share = await receivedFrom(usher, nc32.host);
    expect(share).toMatchObject({
      form: "webdav",
      is_signed: 1,
      state: "pending",
      permissions_json: '["read"]',
    });
    expect(await notificationOf(usher, share)).toMatchObject({
      state: "held",
      title: "from 32.pdf",
      origin: nc32.origin,
      sharer_address: `ada@${nc32.host}`,
    });
  });

  test("Nextcloud of the master line, which signs by RFC 9421 and wants its secret exchanged", async () => {
    const outcome = await nc34.createShare(at("dora"), { name: "from 34.pdf", file: "content" });
    expect(outcome.kind).toBe("created");
    const share = await receivedFrom(usher, nc34.host);
    expect(share).toMatchObject({ is_signed: 1, requirements_json: '["must-exchange-token"]' });
    expect((await notificationOf(usher, share)).state).toBe("held");
  });

  test("ownCloud 10, which signs nothing", async () => {
    const outcome = await owncloud.createShare(at("dora"), { name: "from 10.pdf", file: "content" });
    expect(outcome.kind).toBe("created");
    const share = await receivedFrom(usher, owncloud.host);
    expect(share).toMatchObject({ form: "webdav", is_signed: 0, owner: `ada@${owncloud.host}` });
    expect((await notificationOf(usher, share)).state).toBe("held");
  });

  test("OpenCloud: multi with url, the owner in base64", async () => {
    const resource = { name: "plans", files: { "a.md": "# A" } };
    const { status } = await openCloud.share({ owner: "max", shareWith: at("dora"), resource });
    expect(status).toBe(201);
    const share = await receivedFrom(usher, openCloud.host);
    expect(share).toMatchObject({ form: "multi", is_signed: 0, name: "plans", resource_type: "folder" });
    expect(share.webdav_uri).toContain(`${openCloud.origin}/dav/ocm/`);
    expect(await notificationOf(usher, share)).toMatchObject({ state: "held", sharer_name: "Max M." });
  });

  test("Seafile: an owner with two @, and sharedBy", async () => {
    const resource = { name: "library", files: {} };
    const { status } = await seafile.share({ owner: "sea@mail.example", shareWith: at("dora"), resource });
    expect(status).toBe(201);
    const share = await receivedFrom(usher, seafile.host);
    expect(share).toMatchObject({ owner: `sea@mail.example@${seafile.host}`, permissions_json: '["read"]' });
    expect((await notificationOf(usher, share)).state).toBe("held");
  });

  test("ocm-stub: a code, an address called URI, and a signature that nobody can verify", async () => {
    expect(await stub.shareWith(at("dora"))).toBe(201);
    const share = await receivedFrom(usher, stub.host);
    expect(share).toMatchObject({ is_signed: 0, requirements_json: '["must-exchange-token"]' });
    expect(share.webdav_uri).toContain(`${stub.origin}/webdav-api/`);
  });

  test("Seafile's native provider speaks no WebDAV: 501", async () => {
    const native = await stage.start(startSeafile, "seafile.example", { native: true });
    const resource = { name: "library", files: {} };
    const { status } = await native.share({ owner: "sea", shareWith: at("dora"), resource });
    expect(status).toBe(501);
  });
});

describe("the same policy judges it as judges mails", () => {
  const rule = "policy: [{when: {protocol: federated-share}, then: accept}]\n";

  beforeAll(async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "rules.yaml");
    await writeFile(file, rule);
    await usher.usher("policy", "set", "emil", file);
  });

  test("a stranger's share is held, whatever a rule says and although it is signed", async () => {
    await nc34.createShare(at("emil"), { name: "stranger.pdf", file: "content" });
    const shown = await notificationOf(usher, await receivedFrom(usher, nc34.host));
    expect(shown).toMatchObject({ state: "held", reason: "not-believed" });
    expect(shown.detail).toContain("nobody whom the account has exchanged an invitation with, or trusts");
    expect(await usher.usher("notification", "explain", shown.id)).toContain(
      "by the signature of his server",
    );
  });

  test("a contact's signed share is accepted by a rule; with an unsigned one it stays with asking", async () => {
    const { token, providerDomain } = await openCloud.createInvite("max", "emil@mail.example");
    for (const [cloud, code] of [
      [nc32, nc32.createInvite("ada").code],
      [openCloud, `${token}@${providerDomain.replace(/^https:\/\//, "")}`],
    ] as const) {
      const { id } = await usher.json<{ id: string }>("notification", "add", "emil", code);
      await usher.usher("notification", "accept", id);
      await usher.work("follow");
      const state = (await usher.json<{ state: string }>("notification", "show", id)).state;
      expect([cloud.host, state]).toEqual([cloud.host, "followed"]);
    }
    await nc32.createShare(at("emil"), { name: "friend.pdf", file: "content" });
    expect((await notificationOf(usher, await receivedFrom(usher, nc32.host))).state).toBe("accepted");
    const resource = { name: "unsigned.md", file: "# A" };
    await openCloud.share({ owner: "max", shareWith: at("emil"), resource });
    expect(await notificationOf(usher, await receivedFrom(usher, openCloud.host))).toMatchObject({
      state: "held",
      reason: "not-believed",
    });
  });
});

describe("the owner ends it", () => {
  test.each([
    ["Nextcloud 32", () => nc32],
    ["Nextcloud of the master line", () => nc34],
    ["ownCloud 10", () => owncloud],
  ])("%s tells it with the secret: what waits is asked about no more", async (_name, cloud) => {
    const outcome = await cloud().createShare(at("dora"), { name: "short-lived.pdf", file: "content" });
    if (outcome.kind !== "created") throw new Error("It was not taken.");
    await cloud().unshare(outcome.share);
    const share = await receivedFrom(usher, cloud().host);
    expect(share.state).toBe("unshared");
    expect(await notificationOf(usher, share)).toMatchObject({ state: "ignored", reason: "taken-back" });
  });

  test("Seafile tells it, too", async () => {
    const resource = { name: "another library", files: {} };
    const { share } = await seafile.share({ owner: "sea", shareWith: at("dora"), resource });
    expect(await seafile.unshare(share)).toBe(201);
    expect((await receivedFrom(usher, seafile.host)).state).toBe("unshared");
  });

  test("oCIS names the recipient and proves nothing: Usher looks at the share where it lies", async () => {
    const resource = { name: "looked at", files: { "a.md": "# A" } };
    const { share } = await ocis.share({ owner: "max", shareWith: at("dora"), resource });
    const { notification_id: id } = await receivedFrom(usher, ocis.host);
    await usher.usher("notification", "accept", id ?? "");
    await usher.work("follow");
    expect((await receivedFrom(usher, ocis.host)).state).toBe("accepted");
    const answer = await ocis.unshare(share);
    expect(answer).toMatchObject({ kind: "answered", status: 201 });
    expect((await receivedFrom(usher, ocis.host)).state).toBe("accepted");
    await usher.work("check-subscription");
    const query = usher.site.store.db.selectFrom("subscription").select("state");
    const subscription = await query.where("origin", "=", ocis.origin).executeTakeFirstOrThrow();
    expect(subscription.state).toBe("REMOVED");
  });
});

test("none of the peers met anything that no real server does", () => {
  for (const peer of [nc32, nc34, owncloud, openCloud, ocis, seafile, stub]) {
    expect(peer.refusals()).toEqual([]);
  }
});
