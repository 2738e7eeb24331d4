import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call, FollowReply, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { temporaryDirectory } from "../../store/temporary.ts";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { alphanumerics } from "../../world/ocm/users.ts";
import { json } from "../../world/ocm/wire.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";
import { lastReceived } from "../received/received-world.ts";
import { announcedLink } from "./links.ts";
import { type Answer, startOddServer } from "./odd-server.ts";

let world: FollowingWorld;
let cloud: Nextcloud;
let odd: Awaited<ReturnType<typeof startOddServer>>;
let answer: Answer = () => null;
let way: FollowWay;
let calls: Call[] = [];

beforeAll(async () => {
  world = await openFollowingWorld();
  cloud = await world.stage.start(startNextcloud, "cloud.eve.example", {
    generation: 32,
    users: [{ uid: "eve" }],
  });
  odd = await world.stage.start(startOddServer, "files.eve.example", {
    answer: (request) => answer(request),
  });
  way = world.way("public-link", "s-token");
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(() => void (calls = []));

const ask = () => ({ signal: AbortSignal.timeout(60_000), record: (call: Call) => void calls.push(call) });

async function follow(share: Share, password: string | null = null): Promise<FollowReply> {
  return way.follow({ ...share, password }, world.dora, ask());
}

describe("a public link of Nextcloud", () => {
  test("becomes a share with the account's own address, and is accepted at once", async () => {
    const link = cloud.link({ name: "Plans", files: { "a.txt": "A" } });
    const share = await announcedLink(world, link.url, "Plans");
    expect(await follow(share)).toMatchObject({
      kind: "followed",
      guest: world.address("dora"),
      folders: [{ title: "Plans", entries: [{ name: "a.txt", kind: "file", sizeBytes: 1 }] }],
    });
    expect(cloud.sent().at(-1)).toMatchObject({ to: world.address("dora"), state: "accepted" });
    expect(await lastReceived(world, "dora")).toMatchObject({
      notification_id: share.notificationId,
      state: "accepted",
    });
    expect(cloud.refusals()).toEqual([]);
    const [created] = cloud.received("link");
    expect(created?.headers.get("accept-language")).toBe("en");
    expect(JSON.stringify(calls)).not.toContain(link.token);
  });

  test("behind a password tells that the password opened it once", async () => {
    const link = cloud.link({ name: "Locked", files: { "a.txt": "A" }, password: "Kite-11" });
    const share = await announcedLink(world, link.url, "Locked");
    expect(await follow(share)).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-needed",
    });
    expect(await follow(share, "Kite-12")).toMatchObject({
      state: "ADDABLE_WITH_PASSWORD",
      because: "guest-password-rejected",
    });
    const reply = await follow(share, "Kite-11");
    expect(reply).toMatchObject({
      kind: "followed",
      note: expect.stringContaining("a new password of the link does not end that"),
    });
    cloud.lock(link.token, "Kite-13");
    expect(await way.check({ ...share, password: "Kite-11" }, world.dora, ask())).toMatchObject({
      kind: "followed",
    });
    expect(JSON.stringify({ calls, reply })).not.toContain("Kite");
  });

  test("that takes files in alone is refused", async () => {
    const link = cloud.link({ name: "Drop", files: {}, isFileDrop: true });
    expect(await follow(await announcedLink(world, link.url, "Drop"))).toMatchObject({
      kind: "no",
      state: "UNSUPPORTED",
      because: "not-readable",
    });
  });

  test("that is gone is a final no", async () => {
    const link = cloud.link({ name: "Gone", files: {} });
    cloud.unlink(link.token);
    expect(await follow(await announcedLink(world, link.url, "Gone"))).toMatchObject({
      kind: "no",
      state: "UNRESOLVABLE",
      because: "share-gone",
    });
  });

  test("that was shared before is that share, once it was looked at which one that is", async () => {
    const made = await cloud.createShare(world.address("dora"), { name: "Before", files: { "b.txt": "B" } });
    expect(made.kind).toBe("created");
    const row = await lastReceived(world, "dora");
    const link = cloud.link({ name: "Before", files: { "b.txt": "B" } });
    const share = await announcedLink(world, link.url, "Before");
    expect(await follow(share)).toMatchObject({ kind: "followed", folders: [{ title: "Before" }] });
    expect(await lastReceived(world, "dora")).toMatchObject({
      id: row.id,
      notification_id: share.notificationId,
      state: "accepted",
    });
    const again = await announcedLink(world, cloud.link({ name: "Before", files: {} }).url, "Before");
    await world.usher.site.store.db
      .updateTable("notification")
      .set({ state: "followed" })
      .where("id", "=", share.notificationId)
      .execute();
    expect(await follow(again)).toMatchObject({ kind: "settled", because: "followed-already" });
  });

  test("that was shared before with nothing to show for it says so", async () => {
    await cloud.createShare(world.address("dora"), { name: "Lost", files: {} });
    const row = await lastReceived(world, "dora");
    await world.usher.site.store.db.deleteFrom("ocm_received_share").where("id", "=", row.id).execute();
    const share = await announcedLink(world, cloud.link({ name: "Lost", files: {} }).url, "Lost");
    expect(await follow(share)).toMatchObject({
      kind: "no",
      because: "shared-before-elsewhere",
      detail: expect.stringContaining(world.address("dora")),
    });
  });

  test("in a Nextcloud of another name, in a folder of its host, is found out all the same", async () => {
    answer = ({ path }) => {
      if (path === "/sub/status.php") return json(200, { productname: "Cloud of the Campus" });
      return path === "/sub/ocm-provider/" ? json(200, { resourceTypes: [{ name: "file" }] }) : null;
    };
    await follow(await announcedLink(world, oddLink("/sub/index.php"), "Plans"));
    expect(odd.asked().at(-1)).toBe("POST /sub/index.php/apps/federatedfilesharing/createFederatedShare");
    answer = ({ path }) => (path === "/sub/ocm-provider/" ? json(200, { shareTypes: [] }) : null);
    await follow(await announcedLink(world, oddLink("/sub"), "Plans"));
    expect(odd.asked()).toContain("PROPFIND /sub/public.php/webdav/");
  });

  test("is answered for every reason that its server gives", async () => {
    for (const [status, body, expected] of [
      [400, { message: "No permission to access the share" }, { state: "ADDABLE_WITH_PASSWORD" }],
      [400, { message: "The requested share does not exist anymore" }, { because: "share-gone" }],
      [400, { message: "Mounting file drop not supported" }, { because: "not-readable" }],
      [400, { message: "Invalid Federated Cloud ID" }, { because: "address-not-taken" }],
      [
        400,
        { message: "Sharing a failed, because this item is already shared with the account b@c" },
        { because: "shared-before-elsewhere" },
      ],
      [400, { message: "Sharing a failed, could not find b@c, maybe …" }, { kind: "try-later" }],
      [
        400,
        { message: "Keine Rechte \u202Ehier\r\n" },
        { detail: expect.stringContaining("Keine Rechte hier Accept") },
      ],
      [400, "nonsense", { because: "request-not-accepted" }],
      [200, { remoteUrl: "https://elsewhere.example" }, { kind: "try-later", because: "share-not-posted" }],
      [200, "nonsense", { kind: "try-later" }],
      [404, {}, { because: "link-without-federation" }],
      [429, {}, { kind: "try-later" }],
      [503, {}, { kind: "try-later" }],
    ] as const) {
      answer = ({ path }) =>
        path === "/status.php" ? json(200, { productname: "Nextcloud" }) : json(status, body);
      const reply = await follow(await announcedLink(world, oddLink(), "Plans"));
      expect(reply, JSON.stringify(body)).toMatchObject(expected);
      expect(reply.kind).not.toBe("followed");
    }
  });
});

describe("the server of a link that was followed (reference/ocm.md 9, CVE-2021-32656)", () => {
  test("is trusted no more for it: what it shares next waits, whatever a rule says", async () => {
    const { usher } = world;
    await using directory = await temporaryDirectory();
    const rules = join(directory.path, "rules.yaml");
    await writeFile(rules, "policy: [{when: {protocol: federated-share}, then: accept}]\n");
    await usher.usher("policy", "set", "carl", rules);
    const { url } = cloud.link({ name: "Bait", files: {} });
    const link = { variant: "s-token", origin: cloud.origin, link: url, title: "Bait" } as const;
    const share = { ...(await world.announced("carl", link)), password: null };
    expect(await way.follow(share, await world.follower("carl"), ask())).toMatchObject({ kind: "followed" });
    await cloud.createShare(world.address("carl"), { name: "Uninvited", files: {} });
    const row = await lastReceived(world, "carl");
    expect(row).toMatchObject({ name: "Uninvited", state: "pending", is_signed: 1 });
    expect(await usher.json("notification", "show", row.notification_id ?? "")).toMatchObject({
      state: "held",
      reason: "not-believed",
    });
    expect(await usher.json("contact", "list", "carl")).toEqual([]);
  });
});

describe("a link that no server turns into a share", () => {
  test("such as one of OpenCloud is refused, and nothing is posted", async () => {
    for (const name of ["OpenCloud", "ownCloud Infinite Scale"]) {
      answer = ({ path }) => (path === "/status.php" ? json(200, { productname: name }) : null);
      const before = odd.asked().length;
      expect(await follow(await announcedLink(world, oddLink(), "Plans"))).toMatchObject({
        state: "UNSUPPORTED",
        because: "link-without-federation",
      });
      expect(odd.asked().slice(before)).toEqual(["GET /status.php"]);
    }
  });

  test("such as one of a server that nobody knows is refused", async () => {
    answer = () => null;
    expect(await follow(await announcedLink(world, oddLink(), "Plans"))).toMatchObject({
      state: "UNSUPPORTED",
      because: "link-without-federation",
    });
  });

  test("such as any link of the web is refused before anybody is asked", () => {
    const facts = { origin: odd.origin, variant: "usher-invitation", targets: [] };
    expect(world.protocol("public-link").restriction(facts, world.dora)).toMatchObject({
      state: "UNSUPPORTED",
      because: "plain-link",
    });
    expect(
      world.protocol("public-link").restriction({ ...facts, variant: "s-token" }, world.dora),
    ).toBeNull();
  });
});

/** Each is another link: one that was told of before is the same share. */
function oddLink(before = ""): string {
  return `${odd.origin}${before}/s/${alphanumerics(15)}`;
}
