import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FollowReply, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import type { Reply } from "../../world/faulty-answers.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import type { SentShare } from "../../world/ocm/shares.ts";
import { json } from "../../world/ocm/wire.ts";
import { type OpenCloud, startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";
import { type Answer, startOddServer } from "../public-link/odd-server.ts";
import { lastReceived, receivedShare } from "./received-world.ts";

let world: FollowingWorld;
let cloud: Nextcloud;
let openCloud: OpenCloud;
let odd: Awaited<ReturnType<typeof startOddServer>>;
let answer: Answer = () => null;
let way: FollowWay;

beforeAll(async () => {
  world = await openFollowingWorld();
  const users = [{ uid: "ada" }];
  cloud = await world.stage.start(startNextcloud, "cloud.ada.example", { generation: 32, users });
  openCloud = await world.stage.start(startOpenCloud, "cloud.eve.example", { family: "opencloud" as const });
  openCloud.addUser({ login: "eve", displayName: "Eve Example", mail: "eve@mail.example" });
  openCloud.trust(world.usher.host);
  odd = await world.stage.start(startOddServer, "files.eve.example", {
    answer: (request) => answer(request),
  });
  way = world.way("federated-share", "ocm-share");
});
afterAll(async () => world[Symbol.asyncDispose]());

const ask = () => ({ signal: AbortSignal.timeout(60_000), record: () => undefined });

async function shared(name: string, more: Parameters<Nextcloud["createShare"]>[1] | null = null) {
  const made = await cloud.createShare(
    world.address("dora"),
    more ?? { name, files: { "a.txt": "Hello.\n" } },
  );
  if (made.kind !== "created") throw new Error("The share was not taken.");
  return { sent: made.share, share: await receivedShare(world, "dora") };
}

async function accepted(name: string): Promise<{ sent: SentShare; id: string }> {
  const { sent, share } = await shared(name);
  await world.usher.usher("notification", "accept", share.notificationId);
  await world.usher.work("follow");
  const [row] = await world.usher.json<{ id: string }[]>("subscription", "list");
  if (row === undefined) throw new Error("Nothing is followed.");
  return { sent, id: row.id };
}

const told = (sent: SentShare) =>
  cloud
    .notified()
    .filter(({ providerId }) => providerId === sent.id)
    .map(({ type }) => type);

describe("a share that Nextcloud posted", () => {
  test("is accepted, listed, read and left by its account", async () => {
    const { sent, id } = await accepted("Plans");
    expect(sent.state).toBe("accepted");
    const [heard] = cloud.notified().filter(({ providerId }) => providerId === sent.id);
    expect(heard?.notification).toEqual({
      sharedSecret: sent.secret,
      grantee: world.address("dora"),
      message: "Recipient accept the share",
    });
    const listed = await world.usher.api("dora", "GET", `/subscriptions/${id}/browse`);
    expect(JSON.parse(listed.text)).toMatchObject({ entries: [{ name: "a.txt", sizeBytes: 7 }] });
    const read = await world.usher.api("dora", "GET", `/subscriptions/${id}/content?path=a.txt`);
    expect([read.status, read.text]).toEqual([200, "Hello.\n"]);
    await world.usher.api("dora", "DELETE", `/subscriptions/${id}`);
    await world.usher.work("leave");
    expect([sent.state, told(sent)]).toEqual(["left", ["SHARE_ACCEPTED", "SHARE_DECLINED"]]);
    expect(await lastReceived(world, "dora")).toMatchObject({ state: "left" });
    expect(world.usher.logged.join("\n")).not.toContain(sent.secret);
  });

  test("is refused by its account, which its owner hears", async () => {
    const { sent, share } = await shared("Unwanted");
    await world.usher.usher("notification", "refuse", share.notificationId);
    await world.usher.work("refuse");
    expect([sent.state, told(sent)]).toEqual(["declined", ["SHARE_DECLINED"]]);
    expect(await way.follow(share, world.dora, ask())).toMatchObject({ kind: "no", because: "given-up" });
    expect(await way.refuse?.(share, world.dora, ask())).toEqual({ kind: "left" });
    expect(told(sent)).toEqual(["SHARE_DECLINED"]);
  });

  test("ends here as soon as its owner takes it back, without asking", async () => {
    const { sent, id } = await accepted("For a while");
    await cloud.unshare(sent);
    const before = cloud.requests().length;
    await world.usher.work("check-subscription");
    expect(await world.usher.json<object>("subscription", "show", id)).toMatchObject({ state: "REMOVED" });
    expect(cloud.requests().length).toBe(before);
  });

  test("that is one file is shown as a folder with that file", async () => {
    const { share } = await shared("", { name: "report.pdf", file: "%PDF" });
    await shownAsFile(share, "report.pdf", "%PDF");
  });

  test("that only takes files in is not followed", async () => {
    const { share } = await shared("", { name: "Drop", files: {}, permissions: ["write"] });
    expect(await way.follow(share, world.dora, ask())).toMatchObject({
      kind: "no",
      state: "UNSUPPORTED",
      because: "not-readable",
    });
  });

  test("under a requirement that Usher does not meet is not asked for", async () => {
    const { share } = await shared("Guarded");
    const { id } = await lastReceived(world, "dora");
    await world.usher.site.store.db
      .updateTable("ocm_received_share")
      .set({ requirements_json: '["must-use-mfa"]' })
      .where("id", "=", id)
      .execute();
    const before = cloud.requests().length;
    expect(await way.follow(share, world.dora, ask())).toMatchObject({
      kind: "no",
      state: "UNSUPPORTED",
      because: "requirement-not-met",
      detail: expect.stringContaining("second factor"),
    });
    expect(cloud.requests().length).toBe(before);
  });

  test("whose time is over is gone, without asking", async () => {
    const { share } = await shared("Short");
    const { id } = await lastReceived(world, "dora");
    const past = { expires_at: Date.now() - 1 };
    await world.usher.site.store.db
      .updateTable("ocm_received_share")
      .set(past)
      .where("id", "=", id)
      .execute();
    const before = cloud.requests().length;
    expect(await way.check(share, world.dora, ask())).toMatchObject({ kind: "no", state: "REMOVED" });
    expect(cloud.requests().length).toBe(before);
  });
});

describe("a share of one file", () => {
  test("of OpenCloud is shown as a folder with that file", async () => {
    const resource = { name: "Ebbe & Flut.txt", file: "sand" };
    await openCloud.share({ owner: "eve", shareWith: world.address("dora"), resource });
    await shownAsFile(await receivedShare(world, "dora"), "Ebbe & Flut.txt", "sand");
  });

  test("of a server that has it below its address alone is found there", async () => {
    answer = ({ method, path }) => {
      if (path === "/.well-known/ocm") return discovery();
      if (path === "/ocm/notifications") return json(201, {});
      if (path !== "/dav/ocm/7f2c/report.pdf") return null;
      return method === "PROPFIND" ? oneFile(path) : { status: 200, headers: [], body: "%PDF" };
    };
    await shownAsFile(await posted("below", "7f2c"), "report.pdf", "%PDF");
  });
});

describe("a peer without notifications", () => {
  test("keeps no share from being followed and left", async () => {
    for (const [at, status] of [200, 400, 404, 405, 501].entries()) {
      answer = ({ path }) => {
        if (path === "/.well-known/ocm") return discovery();
        if (path === "/ocm/notifications") return { status, headers: [], body: "OK, nothing is done" };
        return path.startsWith("/dav/ocm/") ? oneFile(path) : null;
      };
      const share = await posted(`silent-${at}`, `silent-${at}`);
      expect(await way.follow(share, world.dora, ask())).toMatchObject({ kind: "followed" });
      expect(await way.leave(share, world.dora, ask())).toEqual({ kind: "left" });
    }
  });

  test("is told later where it cannot answer now", async () => {
    answer = ({ path }) => (path === "/ocm/notifications" ? json(503, {}) : oneFile(path));
    const share = await posted("busy", "busy");
    expect((await way.follow(share, world.dora, ask())).kind).toBe("try-later");
    expect(await lastReceived(world, "dora")).toMatchObject({ state: "pending" });
    expect((await way.refuse?.(share, world.dora, ask()))?.kind).toBe("try-later");
    expect(await lastReceived(world, "dora")).toMatchObject({ state: "pending" });
  });
});

async function shownAsFile(share: Share, name: string, text: string): Promise<void> {
  const reply: FollowReply = await way.follow(share, world.dora, ask());
  const entries = [{ name, kind: "file", sizeBytes: text.length }];
  expect(reply).toMatchObject({ kind: "followed", folders: [{ entries }] });
  expect(await way.browse?.(share, world.dora, "", ask())).toMatchObject({ kind: "listed", entries });
  expect((await way.browse?.(share, world.dora, name, ask()))?.kind).toBe("no-such-path");
  expect((await way.open?.(share, world.dora, { path: "", range: null }, ask()))?.kind).toBe("is-a-folder");
  const opened = await way.open?.(share, world.dora, { path: name, range: null }, ask());
  if (opened?.kind !== "opened") throw new Error(`The file was not opened: ${opened?.kind ?? ""}`);
  await using file = opened;
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.body) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe(text);
}

/** A share of the odd server, which signs nothing. */
async function posted(providerId: string, uri: string): Promise<Share> {
  const host = new URL(odd.origin).host;
  const webdav = { uri, sharedSecret: "s".repeat(32), permissions: ["read"] };
  const body = {
    shareWith: world.address("dora"),
    name: "report.pdf",
    providerId,
    owner: `mia@${host}`,
    sender: `mia@${host}`,
    shareType: "user",
    resourceType: "file",
    protocol: { name: "multi", options: {}, webdav },
  };
  expect((await world.usher.ask("POST", "/ocm/shares", { body })).status).toBe(201);
  return receivedShare(world, "dora");
}

function discovery(): Reply {
  const protocols = { webdav: "/dav/ocm" };
  return json(200, {
    enabled: true,
    apiVersion: "1.1.0",
    endPoint: `${odd.origin}/ocm`,
    resourceTypes: [{ name: "file", shareTypes: ["user"], protocols }],
    capabilities: [],
  });
}

function oneFile(path: string): Reply {
  const properties = "<d:resourcetype/><d:getcontentlength>4</d:getcontentlength>";
  const stat = `<d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
  const response = `<d:response><d:href>${path}</d:href>${stat}</d:response>`;
  const body = `<d:multistatus xmlns:d="DAV:">${response}</d:multistatus>`;
  return { status: 207, headers: [["Content-Type", "application/xml"]], body };
}
