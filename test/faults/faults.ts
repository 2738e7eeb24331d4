/**
 * `npm run test:faults`: kills the daemon again and again (SIGKILL) while mail arrives, shares are accepted, invitations
 * go out, and the origin, the SMTP server and Dovecot misbehave; then counts at the servers whether anything was lost or
 * doubled. At last a sending of twenty invitations is killed at each of its steps. `-- --rounds N --seed S` repeats the same lives; the moment of a kill is never quite the same. Ends with one
 * summary line; exit code 0 only if nothing was lost, and nothing doubled beyond what is promised.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { openScene, type Scene, until } from "../e2e/scene.ts";
import { seededRandom } from "../e2e/seeded-random.ts";
import { runUnderCurtain } from "../world/curtain.ts";
import { startFaultProxy } from "../world/fault-proxy.ts";
import { startScriptedSmtp } from "../world/scripted-smtp.ts";
import { killAtEveryStep } from "./every-step.ts";
import { Ledger } from "./ledger.ts";
import { letTimePass, liveAndDie, type Stage } from "./life.ts";
import { judge } from "./verdict.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, seed: { type: "string" } },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed ?? randomInt(2 ** 31));
const startedMs = Date.now();

await runUnderCurtain(async (own) => {
  if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
    throw new Error("Use whole numbers: npm run test:faults -- --rounds 40 --seed 1");
  }
  console.log(
    `${rounds} lives; the same ones again: npm run test:faults -- --rounds ${rounds} --seed ${seed}`,
  );
  const smtp = await own(startScriptedSmtp);
  const proxy = await own(async () => startFaultProxy({ to: smtp }));
  const from = { name: "Recipient Cloud", address: "usher@recipient.example" };
  const policy = [{ when: { senderDomain: "origin.example" }, then: "accept" }];
  // Many invitations in a short time are what is tried here.
  const sharing = { limits: { perMinute: 10_000, perDay: 100_000, perDomainPerHour: 100_000 } };
  const config = { policy, sharing, smtp: { host: proxy.host, port: proxy.port, tls: "none", from } };
  const scene = await own(async () => openScene({ config }));
  const servers = { ...scene.world, smtp, proxy };
  const stage = { scene, servers, ledger: new Ledger(), random: seededRandom(seed) };
  for (let round = 1; round <= rounds; round += 1) {
    await liveAndDie(stage, round);
    if (round % 10 === 0) console.log(`${round} lives`);
  }
  await liveToTheEnd(scene);
  const problems = await judge(stage);
  console.log("twenty invitations, killed at every step");
  const { steps, problems: ofTwenty } = await killAtEveryStep();
  report(stage, steps, [...problems, ...ofTwenty]);
});

/** A last life without trouble, in which time passes quickly. Parked work is run again, as an administrator would. */
async function liveToTheEnd(scene: Scene): Promise<void> {
  const daemon = await scene.start();
  await until(
    "all mail is read and all work is done",
    async () => {
      await letTimePass(scene);
      await scene.store.db
        .updateTable("job")
        .set({ state: "ready", attempts: 0, deaths: 0 })
        .where("state", "=", "parked")
        .execute();
      return isDone(scene);
    },
    async () => [await openJobs(scene), daemon.text().slice(-3000)],
    120_000,
  );
  await daemon.end("SIGTERM");
}

async function isDone(scene: Scene): Promise<boolean> {
  const status = ["mailbox", "status", "-u", "bob@recipient.example", "uidnext", "INBOX"];
  const table = await scene.world.dovecot.doveadm("-f", "tab", ...status);
  const cursor = await scene.store.db.selectFrom("mailbox_cursor").select("last_uid").executeTakeFirst();
  const uidNext = Number(table.trim().split("\t").at(-1));
  return cursor?.last_uid === uidNext - 1 && (await openJobs(scene)).length === 0;
}

async function openJobs({ store }: Scene) {
  return store.db
    .selectFrom("job")
    .select(["kind", "state", "attempts", "last_error"])
    .where("kind", "not in", ["sweep-subscriptions", "sweep-sharings"])
    .execute();
}

function report({ servers, ledger }: Stage, steps: number, problems: readonly string[]): void {
  for (const problem of problems) console.error(`WRONG: ${problem}`);
  const accepted = [...ledger.shares.values()].filter(({ isAccepted }) => isAccepted).length;
  const copies = servers.smtp.mails.filter(({ acknowledged }) => acknowledged).length;
  const facts = [
    `${ledger.kills} kills`,
    `${ledger.mails} mails`,
    `${ledger.shares.size} shares`,
    `${accepted} followed`,
    `${ledger.invited.length} invitations in ${copies} copies`,
    `${steps} steps of a sending of twenty`,
    `slowest start ${ledger.slowestStartMs} ms`,
    `${Math.round((Date.now() - startedMs) / 1000)} s`,
  ];
  console.log(`faults ${problems.length === 0 ? "ok" : "FAILED"}: ${facts.join(", ")}, seed ${seed}`);
  if (problems.length > 0) throw new Error(`${problems.length} things were lost or doubled.`);
}
