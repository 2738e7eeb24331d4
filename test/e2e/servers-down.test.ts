import { simpleParser } from "mailparser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { deliverAndFind, makeJobsDue, notificationIn, openScene, type Scene, until } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ postfix: true });
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

interface Recipient {
  readonly state: string;
  readonly mail: string;
  readonly attempts: number;
  readonly messageId: string;
}

async function recipientOf(sharing: string): Promise<Recipient> {
  const { recipients } = await scene.usherJson<{ recipients: readonly Recipient[] }>(
    "sharing",
    "show",
    sharing,
  );
  const [recipient] = recipients;
  if (recipient === undefined) throw new Error("The sharing has no recipient.");
  return recipient;
}

/** Message-IDs of all mail that came to somebody. */
async function messageIds(name: string): Promise<readonly (string | undefined)[]> {
  const text = await scene.world.dovecot.doveadm(
    "fetch",
    "-u",
    addressOf(name),
    "text",
    "mailbox",
    "INBOX",
    "ALL",
  );
  const mails = text.split("text:\n").slice(1);
  return Promise.all(mails.map(async (mail) => (await simpleParser(mail)).messageId));
}

test("with SMTP down an invitation waits; then it goes out once, under the same Message-ID", async () => {
  const { postfix } = scene.world;
  await postfix?.stop();
  const link = "https://cloud.recipient.example/s/crew-list";
  const { id } = await scene.usherJson<{ id: string }>(
    "sharing",
    "create",
    "--account",
    "bob",
    "--title",
    "Crew list",
    "--link",
    link,
    "--to",
    addressOf("carla"),
  );
  await until("sending was tried", async () => (await recipientOf(id)).attempts === 1);
  const waiting = await recipientOf(id);
  expect(waiting).toMatchObject({ state: "pending", mail: "planned" });
  const doctor = await scene.usherJson<{ jobs: object; parked: unknown[] }>("doctor");
  expect(doctor).toMatchObject({ jobs: { ready: 1, leased: 0, parked: 0 }, parked: [] });

  await postfix?.start();
  await makeJobsDue(scene, "send-invitation");
  await until(
    "the invitation is sent",
    async () => (await recipientOf(id)).mail === "sent",
    async () => [await recipientOf(id), scene.daemon.text().slice(-2000)],
  );
  expect(await recipientOf(id)).toMatchObject({ attempts: 2, messageId: waiting.messageId });
  await until("it arrives", async () => (await messageIds("carla")).length > 0);
  await makeJobsDue(scene, "send-invitation");
  expect(await messageIds("carla")).toEqual([waiting.messageId]);
});

test("with the origin down an accepted share waits and says so; then it is followed", async () => {
  const { origin } = scene.world;
  const { token, mail } = scene.world.share(addressOf("bob"), { title: "Behind a dead origin" });
  const { id } = await deliverAndFind(scene, mail, "Behind a dead origin");
  await origin.goDown();
  const run = await scene.usher("notification", "accept", id, "--wait");
  expect(run.code).toBe(1);
  expect(run.out).toContain(`${new URL(origin.origin).host} could not be reached; Usher asks again later.`);
  const doctor = await scene.usher("doctor");
  expect(doctor.out).toContain("1 waiting");
  const explained = await scene.usher("notification", "explain", id);
  expect(explained.out).toContain("connection-refused");

  await origin.comeUp();
  await makeJobsDue(scene, "follow");
  await notificationIn(scene, "Behind a dead origin", "followed");
  expect(origin.guestLogins(token)).toEqual({ successful: 1, failed: 0 });
  expect(origin.openSessions()).toBe(0);
});

test("an origin that stays down parks the work, and the administrator runs it again", async () => {
  const { origin } = scene.world;
  const { mail } = scene.world.share(addressOf("bob"), { title: "Behind a long dead origin" });
  const { id } = await deliverAndFind(scene, mail, "Behind a long dead origin");
  await origin.goDown();
  await scene.usher("notification", "accept", id, "--wait");
  // As after some days of tries.
  const tries = { attempts: 11, run_at: Date.now() };
  await scene.store.db.updateTable("job").set(tries).where("subject", "=", id).execute();
  const parked = async () => (await scene.usherJson<{ parked: readonly { id: number }[] }>("doctor")).parked;
  await until("the work is parked", async () => (await parked()).length === 1);
  const doctor = await scene.usher("doctor");
  expect(doctor.out).toContain(
    "Parked work waits for you. Mend the reason, then: usher doctor --run-again JOB",
  );
  expect(doctor.out).toMatch(new RegExp(`follow +bob +${id} +12 +connection-refused`));
  await origin.comeUp();
  const again = await scene.usher("doctor", "--run-again", "all");
  expect(again.out).toContain("is due again");
  await notificationIn(scene, "Behind a long dead origin", "followed");
  expect(await parked()).toEqual([]);
});
