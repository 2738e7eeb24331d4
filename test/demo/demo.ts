/**
 * `npm run demo`: a share mail becomes a subscription, an invitation goes out, and a killed daemon loses nothing. All
 * parts are real but the OX server, which is emulated. Ends with one line of JSON. `--keep` leaves everything running.
 */
import { createInterface } from "node:readline/promises";
import { invitationIn } from "./inbox.ts";
import { type Daemon, startDaemon, usher, usherJson } from "../world/site.ts";
import { startWorld, type World } from "../world/world.ts";

interface Notification {
  readonly id: string;
  readonly state: string;
}

const startedMs = Date.now();
let steps = 0;

await using world = await startedWorld();
await using stage = new AsyncDisposableStack();
const { origin, configFile } = world;

say("Two accounts are hooked up through Dovecot's master user.");
await world.addAccount("bob");
await world.addAccount("carla");
let daemon = stage.use(await startedDaemon());

say("Alice shares a folder on her OX server; the server mails Bob. Usher finds the mail and holds it.");
const plans = world.share("bob@recipient.example", {
  title: "Harbour plans",
  files: ["quay.odt", "crane.ods"],
});
await world.deliver("bob", plans.mail);
await daemon.waitFor("share-judged");
await show("notification", "list");
expect(origin.counters().requests === 0, "no request reached the OX server before Bob's answer");

say("Bob says yes. Usher logs in as the guest, looks at the folder, logs out and keeps a subscription.");
const [first] = await notifications();
await show("notification", "accept", first?.id ?? "", "--wait");
await show("subscription", "list");
const [subscription] = await usherJson<readonly { id: string }[]>(configFile, ["subscription", "list"]);
await show("subscription", "check", subscription?.id ?? "");

say("Another share arrives, Bob says yes, and in that moment the daemon is killed (SIGKILL).");
const minutes = world.share("bob@recipient.example", { title: "Minutes", files: ["october.odt"] });
await world.deliver("bob", minutes.mail);
await waitUntil(async () => (await notifications()).length === 2);
const second = (await notifications()).find(({ state }) => state === "held");
await show("notification", "accept", second?.id ?? "");
await daemon.end("SIGKILL");

say("While it is down, the first share mail is delivered once more. Then the daemon starts again.");
await world.deliver("bob", plans.mail);
daemon = stage.use(await startedDaemon());
await waitUntil(async () => (await notifications()).every(({ state }) => state === "followed"));
await show("subscription", "list");
const found = await notifications();
expect(found.length === 2, "two shares are two notifications, though one was mailed twice");
const logins = origin.guestLogins(plans.token).successful + origin.guestLogins(minutes.token).successful;
expect(origin.openSessions() === 0, "no guest session was left open at the OX server");

say("Bob invites Carla to a folder of his. The mail goes through Postfix into her mailbox.");
const link = "https://cloud.recipient.example/s/crew-list";
const mailing = ["--link", link, "--to", "carla@recipient.example", "--message", "For the spring."];
await show("sharing", "create", "--account", "bob", "--title", "Crew list", ...mailing);
const invitation = await invitationIn(world, "carla");
console.log(indented(`From: ${invitation.from}\nSubject: ${invitation.subject}\n\n${invitation.text}`));
await show("sharing", "list");

if (process.argv.includes("--keep")) await keep(world);
await daemon.end("SIGTERM");
console.log(
  JSON.stringify({
    demo: "ok",
    notifications: found.length,
    subscriptions: (await usherJson<readonly unknown[]>(configFile, ["subscription", "list"])).length,
    guestLogins: logins,
    invitations: 1,
    seconds: Math.round((Date.now() - startedMs) / 1000),
  }),
);

async function startedWorld(): Promise<World> {
  say("A Dovecot, a Postfix and an OX server start on loopback.");
  return startWorld({ postfix: true });
}

async function startedDaemon(): Promise<Daemon> {
  const started = startDaemon(configFile);
  await started.waitFor("ready");
  console.log(indented(`usher serve is ready (process ${started.pid})`));
  return started;
}

async function notifications(): Promise<readonly Notification[]> {
  return usherJson<readonly Notification[]>(configFile, ["notification", "list"]);
}

/** Runs a command as a person would, and shows it with what it printed. */
async function show(...args: string[]): Promise<void> {
  console.log(
    indented(`$ usher ${args.map((arg) => (/[^\w@.:/-]/.test(arg) ? `"${arg}"` : arg)).join(" ")}`),
  );
  const run = await usher(configFile, args);
  console.log(indented(`${run.out}${run.err}`.trimEnd()));
  expect(run.code === 0, `usher ${args.slice(0, 2).join(" ")} ends well`);
}

function say(text: string): void {
  steps += 1;
  console.log(`\n${steps}. ${text}`);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "   ");
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The demo expected that ${what}; it is not so.`);
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`The demo waited 30 s in vain. The daemon said:\n${daemon.text()}`);
  }
}

async function keep(kept: World): Promise<void> {
  say("Everything stays up. In another terminal, in this folder:");
  const command = `npm run -s usher -- --config ${kept.configFile}`;
  for (const what of ["notification list", "subscription list", "doctor", "--help"]) {
    console.log(indented(`${command} ${what}`));
  }
  console.log(indented("Here: Enter sends Bob another share mail, Ctrl-C (or end of input) ends it all."));
  const lines = createInterface({ input: process.stdin });
  process.once("SIGINT", () => lines.close());
  let number = 1;
  for await (const _ of lines) {
    const { mail } = kept.share("bob@recipient.example", { title: `Folder ${number}`, files: ["notes.odt"] });
    await kept.deliver("bob", mail);
    console.log(indented(`Folder ${number} is shared with Bob.`));
    number += 1;
  }
}
