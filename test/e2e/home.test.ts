import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OxHome, startOxHome } from "../world/ox/home.ts";
import { shareMail } from "../world/share-mail.ts";
import { makeCertificates } from "../world/tls.ts";
import { addressOf } from "../world/world.ts";
import {
  deliverAndFind,
  makeJobsDue,
  notificationIn,
  openScene,
  outcomesOf,
  type Scene,
  subscriptionOf,
  until,
} from "./scene.ts";

const bob = addressOf("bob");
const homeName = "ox.recipient.example";

let scene: Scene;
let home: OxHome;
beforeAll(async () => {
  scene = await openScene();
  const { world } = scene;
  const certificates = await makeCertificates(join(world.directory, "home-tls"));
  home = await startOxHome({
    tls: await certificates.certificate([homeName]),
    hostname: homeName,
    ca: await readFile(join(world.directory, "tls", "ca.pem"), "utf8"),
    installation: world.origin,
  });
  home.addUser({ name: "bob", password: "Home-Door-7", mail: bob });
  const exception = { host: homeName, port: home.port, cidr: "127.0.0.0/8", address: "127.0.0.1" };
  await world.configure({ outbound: { exceptions: [{ ...exception, ca: certificates.caFile }] } });
  await addHome("Home-Door-7");
  await scene.start();
});
afterAll(async () => {
  expect([...home.refusals(), ...scene.world.origin.refusals()]).toEqual([]);
  expect(home.openSessions()).toBe(0);
  await home[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

async function addHome(password: string): Promise<void> {
  const file = await passwordFile(password);
  await scene.usherJson(
    "account",
    "home",
    "add",
    "bob",
    "--ox",
    home.base,
    "--login",
    "bob",
    "--password-file",
    file,
  );
}

async function passwordFile(password: string): Promise<string> {
  const file = join(scene.world.directory, `${password}.pw`);
  await writeFile(file, password, { mode: 0o600 });
  return file;
}

function mailOf(link: string, title: string): string {
  const sharer = { name: "Alice Sender", address: "alice@origin.example" };
  return shareMail({ link, sharer, recipient: bob, title });
}

/** Folders that stand at the home server, all accounts together. */
function foldersAtHome(): readonly string[] {
  return home.subscriptions().flatMap(({ folders }) => folders);
}

test("a share is subscribed at the account's own server, and left there", async () => {
  const { folder, mail, token } = scene.world.share(bob, { title: "At home", files: ["quay.odt"] });
  const { id } = await deliverAndFind(scene, mail, "At home");
  expect(home.logins()).toEqual({ successful: 0, failed: 0 });
  const run = await scene.usher("notification", "accept", id, "--wait");
  expect([run.code, run.out]).toEqual([0, `${id} is followed.\n`]);
  expect(foldersAtHome()).toEqual([folder]);
  const { id: subscription } = await subscriptionOf(scene, id);
  const shown = await scene.usher("subscription", "show", subscription);
  expect(shown.out).toMatch(/followed by +the account's home server/);
  // The home server visits the origin; Usher itself does not.
  expect(scene.world.origin.guestLogins(token).failed).toBe(0);
  const calls = (await scene.usher("notification", "explain", id)).out
    .split("\n")
    .filter((line) => / call /.test(line));
  expect(calls).toHaveLength(4);
  for (const call of calls) expect(call).toContain(home.base);

  const removed = await scene.usher("subscription", "remove", subscription);
  expect([removed.code, removed.out]).toEqual([0, `${subscription} is left.\n`]);
  expect(home.subscriptions()).toEqual([]);
  expect(await subscriptionOf(scene, id)).toMatchObject({ state: "UNSUBSCRIBED", reason: "left" });
});

test("a new guest password is given to the account's own server, which subscribes anew with it", async () => {
  const { origin } = scene.world;
  const { token, folder, mail } = scene.world.share(bob, { title: "Locked at home", password: "Kite-81" });
  const { id } = await deliverAndFind(scene, mail, "Locked at home");
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, "Locked at home", "needs-password");
  const accepted = ["notification", "accept", id, "--wait", "--password-file", await passwordFile("Kite-81")];
  expect((await scene.usher(...accepted)).code).toBe(0);
  const { id: subscription } = await subscriptionOf(scene, id);

  origin.setPassword(token, "Kite-82");
  const refused = await scene.usher("subscription", "check", subscription);
  expect(refused.out).toContain(`${subscription} is CREDENTIALS_REFRESH: `);
  expect(refused.out).toContain("give Usher");
  const renewed = await scene.usher(
    "subscription",
    "check",
    subscription,
    "--password-file",
    await passwordFile("Kite-82"),
  );
  expect(renewed.out).toContain(`${subscription} is SUBSCRIBED.`);
  expect(foldersAtHome()).toEqual([folder]);
  await scene.usher("subscription", "remove", subscription);
});

test("a folder that a mail names while the own server is down is followed once it is back", async () => {
  const { origin } = scene.world;
  const { token, folder, mail } = scene.world.share(bob, { title: "First at home" });
  origin.addFolder({ id: "4901", title: "Second at home", guests: [token] });
  const { id } = await deliverAndFind(scene, mail, "First at home");
  await scene.usher("notification", "accept", id, "--wait");
  const { id: subscription } = await subscriptionOf(scene, id);
  await home.goDown();
  await scene.world.deliver("bob", mailOf(origin.link(token, "4901"), "Second at home"));
  await until("the own server was asked", async () => {
    return (await subscriptionOf(scene, id)).state === "INACCESSIBLE";
  });
  await home.comeUp();
  expect((await scene.usher("subscription", "check", subscription)).out).toContain("is SUBSCRIBED.");
  expect(foldersAtHome()).toEqual([folder]);
  await makeJobsDue(scene, "check-subscription");
  await until("the second folder stands", () => foldersAtHome().length === 2);
  expect(foldersAtHome()).toEqual([folder, "4901"]);
  await scene.usher("subscription", "remove", subscription);
});

test("a calendar is followed through the account's own server", async () => {
  for (const capability of ["calendar", "calendar_xctx2"]) home.setCapability("bob", capability, true);
  const { origin } = scene.world;
  const { token } = origin.addGuest({ mail: bob });
  origin.addFolder({ id: "321", module: "calendar", title: "Sailing times", guests: [token] });
  const mail = mailOf(origin.link(token, "321"), "Sailing times");
  const { id } = await deliverAndFind(scene, mail, "Sailing times");
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, "Sailing times", "followed");
  expect(home.subscriptions()).toMatchObject([{ user: "bob", folders: ["321"], hasPassword: false }]);
  expect(await subscriptionOf(scene, id)).toMatchObject({ via: "home", state: "SUBSCRIBED" });
});

test("a share for somebody else is forbidden there too", async () => {
  const { mail } = scene.world.share("carla@elsewhere.example", { title: "For carla" });
  const { id } = await deliverAndFind(scene, mail, "For carla");
  await scene.usher("notification", "accept", id, "--wait");
  expect((await notificationIn(scene, "For carla", "failed")).reason).toBe("wrong-account");
});

test("a home server that rejects the login says how to renew it, and the share waits", async () => {
  const { mail } = scene.world.share(bob, { title: "Behind a closed home" });
  const { id } = await deliverAndFind(scene, mail, "Behind a closed home");
  await addHome("Wrong-Door-7");
  const run = await scene.usher("notification", "accept", id, "--wait");
  expect(run.code).toBe(1);
  expect(run.out).toContain("rejects the stored login; renew it with `usher account home add`");
  expect(await outcomesOf(scene, id)).toEqual(["follow home-login-refused"]);
  await notificationIn(scene, "Behind a closed home", "accepted");
});
