/**
 * `npm run demo`: a share mail becomes a subscription, an invitation goes out, another is answered by a second Usher, and a
 * killed daemon loses nothing. All parts are real but the OX server, which is emulated. Ends with one line of JSON. `--keep` leaves everything running.
 */
import { createInterface } from "node:readline/promises";
import { type Own, runUnderCurtain } from "../world/curtain.ts";
import { type Daemon, startDaemon, usherJson } from "../world/site.ts";
import { type Shared, startWorld, type World } from "../world/world.ts";
import { openCozyScene } from "../e2e/cozy-scene.ts";
import { answered } from "./answered.ts";
import { mailsTo } from "./inbox.ts";
import { expect, indented, say, show, waitUntil } from "./telling.ts";

interface Stage {
  readonly own: Own;
  readonly world: World;
  daemon: Daemon;
}

interface Notification {
  readonly id: string;
  readonly state: string;
}

const startedMs = Date.now();
const bob = "bob@recipient.example";

await runUnderCurtain(async (own) => {
  say("A Dovecot, an SMTP server and an OX server start on loopback.");
  const world = await own(async () => startWorld({ postfix: true }));
  say("Two accounts are hooked up through Dovecot's master user.");
  await world.addAccount("bob");
  await world.addAccount("carla");
  const stage = { own, world, daemon: await startedDaemon(own, world) };
  const plans = await follow(stage);
  const minutes = await dieAndGoOn(stage, plans);
  await invite(stage);
  const answer = await answered(await own(async () => openCozyScene()));
  if (process.argv.includes("--keep")) await keep(world);
  await stage.daemon.end("SIGTERM");
  const { origin, configFile } = world;
  const tokens = [plans.token, minutes.token];
  console.log(
    JSON.stringify({
      demo: "ok",
      notifications: (await notifications(stage)).length,
      subscriptions: (await usherJson<readonly unknown[]>(configFile, ["subscription", "list"])).length,
      guestLogins: tokens.reduce((sum, token) => sum + origin.guestLogins(token).successful, 0),
      invitations: (await mailsTo(world, "carla")).length,
      answer,
      seconds: Math.round((Date.now() - startedMs) / 1000),
    }),
  );
});

async function follow(stage: Stage): Promise<Shared> {
  const { world, daemon } = stage;
  const { origin, configFile } = world;
  say("Alice shares a folder on her OX server; the server mails Bob. Usher finds the mail and holds it.");
  const plans = world.share(bob, { title: "Harbour plans", files: ["quay.odt", "crane.ods"] });
  await world.deliver("bob", plans.mail);
  await daemon.waitFor("share-judged");
  await show(configFile, "notification", "list");
  expect(origin.counters().requests === 0, "no request reached the OX server before Bob's answer");

  say("Bob says yes. Usher logs in as the guest, looks at the folder, logs out and keeps a subscription.");
  const [held] = await notifications(stage);
  await show(configFile, "notification", "accept", held?.id ?? "", "--wait");
  await show(configFile, "subscription", "list");
  const [subscription] = await usherJson<readonly { id: string }[]>(configFile, ["subscription", "list"]);
  await show(configFile, "subscription", "check", subscription?.id ?? "");
  expect(origin.openSessions() === 0, "no guest session was left open at the OX server");
  return plans;
}

async function dieAndGoOn(stage: Stage, plans: Shared): Promise<Shared> {
  const { world } = stage;
  const { origin, configFile } = world;
  say("Another share arrives, Bob says yes, and in that moment the daemon is killed (SIGKILL).");
  const minutes = world.share(bob, { title: "Minutes", files: ["october.odt"] });
  await world.deliver("bob", minutes.mail);
  await waitUntil("the share is held", async () => (await notifications(stage)).length === 2);
  const held = (await notifications(stage)).find(({ state }) => state === "held");
  await show(configFile, "notification", "accept", held?.id ?? "");
  await stage.daemon.end("SIGKILL");

  say("While it is down, the first share mail is delivered once more. Then the daemon starts again.");
  await world.deliver("bob", plans.mail);
  stage.daemon = await startedDaemon(stage.own, world);
  await waitUntil("all mail is read and all work is done", async () => isIdle(stage));
  await show(configFile, "subscription", "list");
  const found = await notifications(stage);
  expect(found.length === 2, "two shares are two notifications, though one was mailed twice");
  expect(
    found.every(({ state }) => state === "followed"),
    "both shares are followed",
  );
  expect(origin.openSessions() <= 1, "at most the kill left a guest session open at the OX server");
  return minutes;
}

async function invite(stage: Stage): Promise<void> {
  const { world } = stage;
  const { configFile } = world;
  say("Bob invites Carla to a folder of his. The mail goes through the SMTP server into her mailbox.");
  const link = "https://cloud.recipient.example/s/crew-list";
  const mailing = ["--link", link, "--to", "carla@recipient.example", "--message", "For the spring."];
  await show(configFile, "sharing", "create", "--account", "bob", "--title", "Crew list", ...mailing);
  await waitUntil("the invitation arrives", async () => (await mailsTo(world, "carla")).length > 0);
  for (const { from, subject, text } of await mailsTo(world, "carla")) {
    console.log(indented(`From: ${from}\nSubject: ${subject}\n\n${text}`));
  }
  await waitUntil("the SMTP server's receipt is on record", async () => isIdle(stage));
  await show(configFile, "sharing", "list");
}

async function startedDaemon(own: Own, world: World): Promise<Daemon> {
  const daemon = await own(() => startDaemon(world.configFile));
  await daemon.waitFor("ready");
  console.log(indented(`usher serve is ready (process ${daemon.pid})`));
  return daemon;
}

async function notifications({ world }: Stage): Promise<readonly Notification[]> {
  return usherJson<readonly Notification[]>(world.configFile, ["notification", "list"]);
}

/** Bob's mailbox was looked through since the start, and no job waits. */
async function isIdle({ world, daemon }: Stage): Promise<boolean> {
  if (!daemon.log.some(({ event, account }) => event === "mailbox-scanned" && account === "bob"))
    return false;
  const { jobs } = await usherJson<{ jobs: Readonly<Record<string, number>> }>(world.configFile, ["doctor"]);
  return jobs["ready"] === 0 && jobs["leased"] === 0;
}

async function keep(world: World): Promise<void> {
  say("Everything stays up. In another terminal, in this folder:");
  const command = `npm run -s usher -- --config ${world.configFile}`;
  for (const what of ["notification list", "subscription list", "doctor", "--help"]) {
    console.log(indented(`${command} ${what}`));
  }
  console.log(indented("Here: Enter sends Bob another share mail, Ctrl-C (or end of input) ends it all."));
  let number = 1;
  for await (const _ of createInterface({ input: process.stdin })) {
    const { mail } = world.share(bob, { title: `Folder ${number}`, files: ["notes.odt"] });
    await world.deliver("bob", mail);
    console.log(indented(`Folder ${number} is shared with Bob.`));
    number += 1;
  }
}
