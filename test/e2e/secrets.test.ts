import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, type Shared } from "../world/world.ts";
import {
  deliverAndFind,
  makeJobsDue,
  notificationIn,
  openScene,
  type Scene,
  subscriptionOf,
  until,
} from "./scene.ts";

const bob = addressOf("bob");
const guestPassword = "Kite-81-Anchor";
const wrongPassword = "Kite-80-Anchor";
const mailboxPassword = "Mast-34-Anchor";
const invitationToken = "s3cr3tCrewListToken42";

let scene: Scene;
/** What nobody may read anywhere, each with a name for the failure. */
const secrets = new Map<string, string>();
/** What the commands printed. */
const printed: string[] = [];
const logs: string[] = [];
let passwordFiles = 0;

beforeAll(async () => {
  scene = await openScene({ postfix: true, config: { log: { level: "debug" } } });
  await scene.start();
  const locked = scene.world.share(bob, { title: "Locked", files: ["a.odt"], password: guestPassword });
  const open = scene.world.share(bob, { title: "Open", files: ["b.odt"] });
  const broken = scene.world.share(bob, { title: "Broken", files: ["c.odt"] });
  for (const share of [locked, open, broken]) keepSecretsOf(share);
  await hookUpCarla();
  await followLocked(locked);
  await followOpen(open);
  await failWith(broken);
  await invite();
  await lookEverywhere();
  await collect();
});
afterAll(async () => scene[Symbol.asyncDispose]());

function keepSecretsOf(share: Shared): void {
  const number = secrets.size;
  secrets.set(`token ${number}`, share.token);
  secrets.set(`secret half of token ${number}`, share.token.slice(16));
  secrets.set(`link ${number}`, share.link.slice(share.link.indexOf("/share/")));
}

async function run(...args: readonly string[]): Promise<void> {
  const { out, err } = await scene.usher(...args);
  printed.push(out, err);
}

async function passwordFile(password: string): Promise<string> {
  // Its name must not tell it: commands may well print a path.
  passwordFiles += 1;
  const file = join(scene.world.directory, `${passwordFiles}.pw`);
  await writeFile(file, password, { mode: 0o600 });
  return file;
}

/** A mailbox with a password of its own, first without being let in. */
async function hookUpCarla(): Promise<void> {
  const login = addressOf("carla");
  await run("account", "add", "carla", "--address", login);
  const password = await passwordFile(mailboxPassword);
  await run("mailbox", "add", "carla", "--server", "local", "--login", login, "--password-file", password);
  await run("mailbox", "test", "carla");
  await scene.world.dovecot.setPassword(login, mailboxPassword);
  await run("mailbox", "test", "carla");
}

async function followLocked(share: Shared): Promise<void> {
  const { id } = await deliverAndFind(scene, share.mail, "Locked");
  await run("notification", "accept", id, "--wait");
  await run("notification", "accept", id, "--wait", "--password-file", await passwordFile(wrongPassword));
  await run("notification", "accept", id, "--wait", "--password-file", await passwordFile(guestPassword));
  await notificationIn(scene, "Locked", "followed");
}

async function followOpen(share: Shared): Promise<void> {
  const { id } = await deliverAndFind(scene, share.mail, "Open");
  scene.world.origin.misbehave({ kind: "slow", ms: 500 }, "api", 1);
  await run("notification", "accept", id, "--wait");
  const { id: subscription } = await subscriptionOf(scene, id);
  await run("subscription", "check", subscription);
  scene.world.origin.expireSessions();
  await run("subscription", "check", subscription);
}

/** Every fault that an origin can have, one after the other. */
async function failWith(share: Shared): Promise<void> {
  const { origin } = scene.world;
  const { id } = await deliverAndFind(scene, share.mail, "Broken");
  origin.misbehave({ kind: "nonsense" }, "api");
  await run("notification", "accept", id, "--wait");
  for (const place of ["link", "api", "logout"] as const) {
    origin.behave();
    origin.misbehave({ kind: "lost-answer" }, place);
    await makeJobsDue(scene, "follow");
    await until("it was tried", async () => {
      const job = scene.store.db.selectFrom("job").select("state").where("subject", "=", id);
      return (await job.where("run_at", "<=", Date.now()).execute()).length === 0;
    });
    await run("notification", "explain", id);
  }
  origin.behave();
}

async function invite(): Promise<void> {
  const link = `https://cloud.recipient.example/s/${invitationToken}?key=${invitationToken}`;
  secrets.set("link of a sharing", invitationToken);
  await run(
    "sharing",
    "create",
    "--account",
    "bob",
    "--title",
    "Crew",
    "--link",
    link,
    "--to",
    addressOf("carla"),
  );
  await until("the invitation is sent", async () => {
    const rows = await scene.store.db.selectFrom("invitation").select("state").execute();
    return rows.every(({ state }) => state === "sent");
  });
}

async function ids(table: "notification" | "subscription" | "sharing"): Promise<readonly string[]> {
  return (await scene.store.db.selectFrom(table).select("id").execute()).map(({ id }) => id);
}

/** Every command that shows something, as text and as JSON. */
async function lookEverywhere(): Promise<void> {
  const looks = [
    ...["notification", "subscription", "sharing", "account", "mailbox"].map((group) => [group, "list"]),
    ["account", "show", "bob"],
    ["mailbox", "test", "bob"],
    ["doctor"],
    ["check"],
    ...(await ids("notification")).flatMap((id) =>
      ["show", "explain"].map((what) => ["notification", what, id]),
    ),
    ...(await ids("subscription")).map((id) => ["subscription", "show", id]),
    ...(await ids("sharing")).map((id) => ["sharing", "show", id]),
  ];
  for (const look of looks) {
    await run(...look);
    await run(...look, "--json");
  }
}

async function collect(): Promise<void> {
  const { directory, origin } = scene.world;
  await scene.daemon.end("SIGTERM");
  logs.push(scene.daemon.text());
  secrets.set("guest password", guestPassword);
  secrets.set("wrong guest password", wrongPassword);
  secrets.set("mailbox password", mailboxPassword);
  secrets.set("master password", await readFile(join(directory, "master.pw"), "utf8"));
  secrets.set("sealing key", await readFile(join(directory, "usher.key"), "utf8"));
  for (const [number, secret] of origin.secrets().entries()) secrets.set(`session secret ${number}`, secret);
}

/** Names of the secrets that stand in the text. */
function found(text: string): readonly string[] {
  return [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => name);
}

describe("links, tokens, passwords and session ids", () => {
  test("were all used", () => {
    expect(secrets.size).toBeGreaterThan(20);
    expect(new Set(secrets.values()).size).toBe(secrets.size);
    expect(printed.join("").length).toBeGreaterThan(10_000);
    expect(logs.join("")).toContain('"level":"debug"');
    expect(found(`x${[...secrets.values()].join(" ")}x`)).toHaveLength(secrets.size);
  });

  test("stand in no line of the log", () => {
    expect(found(logs.join("\n"))).toEqual([]);
  });

  test("are printed by no command", () => {
    expect(found(printed.join("\n"))).toEqual([]);
  });

  test("do not lie in clear in the files of the store", async () => {
    const state = join(scene.world.directory, "state");
    const names = await readdir(state);
    expect(names).toContain("usher.db");
    for (const name of names) {
      const bytes = await readFile(join(state, name));
      expect([name, found(bytes.toString("latin1"))]).toEqual([name, []]);
      expect([name, found(bytes.toString("utf16le"))]).toEqual([name, []]);
    }
  });
});
