import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApplication } from "../world/application/application.ts";
import type { Nextcloud } from "../world/nextcloud/nextcloud.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { addressOf } from "../world/world.ts";
import {
  comesTo,
  done,
  federate,
  fillApplication,
  heldFrom,
  knownTo,
  recipientsBecome,
} from "./federation-acts.ts";
import { mailTo, nextcloud, shareFrom, takenAt } from "./federation-clouds.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn } from "./followed.ts";
import { notificationIn, until } from "./scene.ts";

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  "nc32.example": nextcloud({ generation: 32 }),
  "nc34.example": nextcloud({ generation: 34 }),
  "tokens.example": nextcloud({
    generation: 34,
    settings: { tokens: "must-exchange", inviteForm: "form", capabilitiesAsObject: true },
  }),
} as const;
const clouds = ["nc32.example", "nc34.example", "tokens.example"] as const;

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;

beforeAll(async () => {
  scene = await openFederation(starters);
  fillApplication(scene.peers["files.example"]);
  const rules = join(scene.bob.world.directory, "rules-of-carla.yaml");
  await writeFile(rules, "policy:\n  - {when: {protocol: federated-share}, then: accept}\n");
  await done(scene.bob, "policy", "set", "carla", rules);
});
afterAll(async () => scene[Symbol.asyncDispose]());

const bobs = (): string => scene.bob.addressOf("bob");
const nc32 = (): Nextcloud => scene.peers["nc32.example"];

describe.each([
  ["Nextcloud 32", "nc32.example"],
  ["Nextcloud 34", "nc34.example"],
  ["Nextcloud 34 with tokens", "tokens.example"],
] as const)("%s", (family, hostname) => {
  const peer = (): Nextcloud => scene.peers[hostname];

  test("shares a folder with Bob, who sees who speaks for it, accepts, reads, and loses it", async () => {
    const title = `Tides of ${family}`;
    const files = { "ebb & flow/moon.txt": "full", "low.txt": "dry" };
    const share = await shareFrom(peer(), bobs(), { name: title, files });
    const notification = await held(scene.bob, title);
    const explained = (await scene.bob.usher("notification", "explain", notification)).out;
    expect(explained).toContain("authenticated (by the signature of his server");
    expect(explained).toContain(`${peer().host} signed it with its key`);
    expect(explained).not.toContain(share.secret);
    await done(scene.bob, "notification", "accept", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(share.state).toBe("accepted");
    const names = (await browsed(scene.bob, subscription)).map(({ name }) => name);
    expect(names).toEqual(["ebb & flow", "low.txt"]);
    expect(await gotten(scene.bob, subscription, "ebb & flow/moon.txt")).toBe("full");
    // The daemon and the commands have one token together, wherever there are any.
    expect(share.exchanges).toBe(hostname === "nc32.example" ? 0 : 1);
    await peer().unshare(share);
    await subscriptionIn(scene.bob, notification, "REMOVED");
    const { out } = await scene.bob.usher("subscription", "show", subscription);
    expect(out).toContain(`The share at ${peer().host} is gone or was taken back`);
  });

  test("hears that Bob leaves one share, and wants nothing of another", async () => {
    const [left, refused] = [`Left of ${family}`, `Refused of ${family}`];
    const leaving = await shareFrom(peer(), bobs(), { name: left, files: { "a.txt": "A" } });
    const refusing = await shareFrom(peer(), bobs(), { name: refused, file: "B" });
    const notification = await held(scene.bob, left);
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    bodyOf(await scene.bob.api("bob", "POST", `/notifications/${await held(scene.bob, refused)}/refuse`));
    await until("one is declined", () => refusing.state === "declined");
    await done(scene.bob, "subscription", "remove", subscription);
    expect(leaving.state).toBe("left");
  });

  test("invites Carla by mail; her rule accepts what the inviter shares then, and nothing of a stranger", async () => {
    const invite = peer().createInvite("ada");
    await scene.bob.world.deliver("carla", peer().mails.invite(invite, { to: addressOf("carla") }));
    const asked = await heldFrom(scene.bob, "carla", { host: peer().host, protocol: "ocm-invite" });
    await accept(scene.bob, "carla", asked);
    await comesTo(scene.bob, asked, "followed");
    const accepted = { provider: scene.bob.host, userId: "carla" };
    expect(peer().invites().at(-1)).toMatchObject({ by: "ada", accepted });
    expect(await knownTo(scene.bob, "carla")).toContain(peer().address("ada"));
    const [known, strange] = [`Known of ${family}`, `Strange of ${family}`];
    const carlas = scene.bob.addressOf("carla");
    const share = await shareFrom(peer(), carlas, { name: known, files: { "a.txt": "A" } });
    await shareFrom(peer(), carlas, { by: "zoe", name: strange, files: { "z.txt": "Z" } });
    const { id } = await notificationIn(scene.bob, known, "followed");
    expect(share.state).toBe("accepted");
    expect(await gotten(scene.bob, await subscriptionIn(scene.bob, id, "SUBSCRIBED"), "a.txt")).toBe("A");
    const { out } = await scene.bob.usher("notification", "explain", await held(scene.bob, strange));
    expect(out).toContain("nobody whom the account has exchanged an invitation with, or trusts");
  });

  test("reads what Bob shares, until he takes it back", async () => {
    const title = `Reports for ${family}`;
    const what = { path: "Reports/", title, to: [peer().address("ada")] };
    const tokens = hostname === "tokens.example" ? ["--exchange-token"] : [];
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], what, ...tokens);
    const share = await takenAt(peer(), scene.bob, title);
    await recipientsBecome(scene.bob, "bob", sharing, "pending");
    expect(share).toMatchObject({ owner: bobs(), user: "ada", mustExchange: tokens.length > 0 });
    await peer().accept(share);
    await recipientsBecome(scene.bob, "bob", sharing, "accepted");
    const paths = (await peer().list(share)).map(({ path }) => path);
    expect(paths).toEqual(["", "2026 & more", "sums.csv"]);
    expect((await peer().read(share, "2026 & more/plan ü.txt")).text).toBe("The plan.");
    await done(scene.bob, "sharing", "revoke", sharing);
    expect((await peer().read(share, "sums.csv")).status).toBe(401);
    await until("it is gone there", () => share.state === "unshared");
    await recipientsBecome(scene.bob, "bob", sharing, "revoked");
  });

  test("declines what Bob shares, and its secret opens nothing any more", async () => {
    const title = `report for ${family}.pdf`;
    const what = { path: "report.pdf", title, to: [peer().address("zoe")] };
    const sharing = await federate(scene.bob, "bob", scene.peers["files.example"], what);
    const share = await takenAt(peer(), scene.bob, title);
    expect((await peer().read(share)).text).toBe("What the report says.");
    await peer().decline(share);
    await recipientsBecome(scene.bob, "bob", sharing, "refused");
    expect((await peer().read(share)).status).toBe(401);
  });

  test("turns a public link that was mailed into a share with Bob", async () => {
    const title = `Linked of ${family}`;
    const link = peer().link({ name: title, files: { "sand.txt": "grains" } });
    await scene.bob.world.deliver("bob", peer().mails.link(link, { to: addressOf("bob") }));
    const notification = await held(scene.bob, title);
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(await gotten(scene.bob, subscription, "sand.txt")).toBe("grains");
    expect(peer().sent().at(-1)).toMatchObject({ name: title, to: bobs(), state: "accepted" });
  });
});

describe("public links of Nextcloud", () => {
  test("that have a password open with it alone", async () => {
    const link = nc32().link({ name: "Locked plans", files: { "a.txt": "A" }, password: "Kite-11" });
    const to = addressOf("bob");
    for (const mail of [nc32().mails.link(link, { to }), nc32().mails.linkPassword(link, to)]) {
      await scene.bob.world.deliver("bob", mail);
    }
    const notification = await held(scene.bob, "Locked plans");
    await accept(scene.bob, "bob", notification);
    await notificationIn(scene.bob, "Locked plans", "needs-password");
    const file = join(scene.bob.world.directory, "password-of-the-link");
    await writeFile(file, "Kite-11");
    await done(scene.bob, "notification", "accept", notification, "--password-file", file);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(await gotten(scene.bob, subscription, "a.txt")).toBe("A");
  });

  test("that only take files in are refused with the reason", async () => {
    const link = nc32().link({ name: "Letter box", files: {}, isFileDrop: true });
    await scene.bob.world.deliver("bob", nc32().mails.link(link, { to: addressOf("bob") }));
    const notification = await held(scene.bob, "Letter box");
    const run = await scene.bob.usher("notification", "accept", notification, "--wait");
    expect([run.code, run.out]).toEqual([1, expect.stringContaining("only takes files in and shows none")]);
    expect(
      nc32()
        .sent()
        .map(({ name }) => name),
    ).not.toContain("Letter box");
  });
});

test("Bob invites by mail; the page leads the reader home, he accepts there, and they know each other", async () => {
  const peer = scene.peers["nc34.example"];
  const reader = "ada.nc34.example";
  const asked = ["sharing", "invite", "bob", addressOf(reader)];
  const { sharingId } = await scene.bob.usherJson<{ readonly sharingId: string }>(...asked);
  const { text = "" } = await mailTo(scene.bob, reader);
  const link = /https:\S+\/ocm\/invite\?\S+/.exec(text)?.[0] ?? "";
  const code = /[\w-]{36}@[\w.:-]+/.exec(text)?.[0] ?? "";
  const page = await scene.stage.ask({ method: "GET", url: link });
  const form = /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
  const home = await scene.stage.ask({
    method: "POST",
    url: link,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: String(new URLSearchParams({ form, home: peer.address("ada") })),
  });
  expect(home.text).toContain(`${peer.origin}/index.php/apps/contacts/ocm/invite-accept-dialog?token=`);
  expect(await peer.acceptInvite("ada", code)).toMatchObject({ kind: "accepted" });
  expect(peer.contacts().at(-1)).toMatchObject({ of: "ada", address: scene.bob.addressOf("bob") });
  expect(await knownTo(scene.bob, "bob")).toContain(peer.address("ada"));
  await recipientsBecome(scene.bob, "bob", sharingId, "accepted");
  expect(await peer.acceptInvite("zoe", code)).toEqual({ kind: "failed", status: 409 });
});

test("an account at home at a Nextcloud answers there what its notices tell of", async () => {
  const [home, peer] = [nc32(), scene.peers["nc34.example"]];
  const file = join(scene.alice.world.directory, "password-at-home");
  await writeFile(file, home.appPassword("alice"));
  const at = ["--nextcloud", home.origin, "--login", "alice", "--password-file", file];
  await done(scene.alice, "account", "home", "add", "alice", ...at);
  await done(scene.alice, "account", "home", "test", "alice");
  const wanted = await shareFrom(peer, home.address("alice"), { name: "Nets", files: { "a.txt": "A" } });
  const unwanted = await shareFrom(peer, home.address("alice"), { name: "Hooks", file: "B" });
  const tell = async (name: string): Promise<string> => {
    const taken = await takenAt(home, scene.alice, name);
    const from = { host: peer.host, protocol: "federated-share" } as const;
    await scene.alice.world.deliver("alice", home.mails.activity(taken));
    return heldFrom(scene.alice, "alice", from);
  };
  const notification = await tell("Nets");
  await done(scene.alice, "notification", "accept", notification);
  await comesTo(scene.alice, notification, "followed");
  expect(wanted.state).toBe("accepted");
  await done(scene.alice, "notification", "refuse", await tell("Hooks"));
  await until("the other is declined", () => unwanted.state === "declined");
});

test("none of them met anything that no Nextcloud does", () => {
  for (const hostname of clouds) expect(scene.peers[hostname].refusals()).toEqual([]);
});
