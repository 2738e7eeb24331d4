import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { notificationIn, openScene, type Scene, until } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

interface MailboxView {
  readonly account: string;
  readonly state: string;
  readonly reason: string | null;
  readonly authFailures: number;
}

async function mailboxOf(name: string): Promise<MailboxView | undefined> {
  return (await scene.usherJson<readonly MailboxView[]>("mailbox", "list")).find(
    ({ account }) => account === name,
  );
}

async function mailboxIn(name: string, state: string): Promise<MailboxView> {
  let found: MailboxView | undefined;
  await until(
    `the mailbox of ${name} is ${state}`,
    async () => {
      found = await mailboxOf(name);
      return found?.state === state;
    },
    () => found,
  );
  if (found === undefined) throw new Error("unreachable");
  return found;
}

async function refusedLogins(name: string): Promise<number> {
  const log = await scene.world.dovecot.log();
  return log
    .split("\n")
    .filter(
      (line) => line.includes(addressOf(name)) && line.includes("imap-login") && line.includes("auth failed"),
    ).length;
}

/** An account whose mailbox password, as Usher has it, is wrong. */
async function addWithWrongPassword(name: string): Promise<void> {
  const file = join(scene.world.directory, `${name}.pw`);
  await writeFile(file, "Mast-34", { mode: 0o600 });
  await scene.usherJson("account", "add", name, "--address", addressOf(name));
  const hookUp = ["--server", "local", "--login", addressOf(name), "--password-file", file];
  await scene.usherJson("mailbox", "add", name, ...hookUp);
}

test("a wrong mailbox password is tried once, told, and after a correction the mailbox goes on", async () => {
  const share = scene.world.share(addressOf("carla"), { title: "Behind a wrong password" });
  await scene.world.deliver("carla", share.mail);
  await addWithWrongPassword("carla");
  const refused = await mailboxIn("carla", "auth-failed");
  expect(refused.reason).toMatch(/password|login/i);
  const doctor = await scene.usher("doctor");
  expect(doctor.out).toContain("Mailboxes that are not watched now:");
  expect(doctor.out).toMatch(/carla +auth-failed/);
  // The second try comes after a minute; until then the server is left alone.
  await wait(4000);
  expect(await refusedLogins("carla")).toBe(1);
  expect(scene.daemon.text()).not.toContain("Mast-34");

  await scene.world.dovecot.setPassword(addressOf("carla"), "Mast-34");
  const enabled = await scene.usher("mailbox", "enable", "carla");
  expect(enabled.out).toContain("a running daemon connects within seconds");
  await mailboxIn("carla", "active");
  await notificationIn(scene, "Behind a wrong password", "held");
  expect(await refusedLogins("carla")).toBe(1);
});

test("refused again and again, a mailbox is disabled with the reason and the way out, and others go on", async () => {
  await addWithWrongPassword("dora");
  await mailboxIn("dora", "auth-failed");
  await scene.daemon.end("SIGTERM");
  // As after the refused logins of some days.
  await scene.store.db
    .updateTable("mailbox")
    .set({ auth_failures: 19 })
    .where("login", "=", addressOf("dora"))
    .execute();
  await scene.start();
  const disabled = await mailboxIn("dora", "disabled");
  expect(disabled.reason).toContain(
    "Disabled after 20 refused logins; `usher mailbox enable` starts it again.",
  );
  const before = await refusedLogins("dora");
  const { mail } = scene.world.share(addressOf("bob"), { title: "Beside a disabled mailbox" });
  await scene.world.deliver("bob", mail);
  await notificationIn(scene, "Beside a disabled mailbox", "held");
  expect(await refusedLogins("dora")).toBe(before);

  await scene.usherJson("mailbox", "remove", "dora");
  await scene.usherJson(
    "mailbox",
    "add",
    "dora",
    "--server",
    "local",
    "--login",
    addressOf("dora"),
    "--password-file",
    join(scene.world.directory, "user.pw"),
  );
  await mailboxIn("dora", "active");
});

test("a stopped mail server is told, and mail that comes right after its start is found", async () => {
  const { dovecot } = scene.world;
  await dovecot.stop();
  const lost = await mailboxIn("bob", "backoff");
  expect(lost.reason).toMatch(/connection|refused|connect/i);
  expect((await scene.usher("doctor")).out).toMatch(/bob +backoff/);
  await dovecot.start();
  const shares = ["one", "two", "three"].map((title) =>
    scene.world.share(addressOf("bob"), { title: `After the stop: ${title}` }),
  );
  for (const { mail } of shares) await scene.world.deliver("bob", mail);
  for (const title of ["one", "two", "three"]) {
    await notificationIn(scene, `After the stop: ${title}`, "held");
  }
  await mailboxIn("bob", "active");
  expect((await scene.usher("doctor")).out).not.toContain("bob");
});
