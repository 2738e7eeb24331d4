import { setTimeout as wait } from "node:timers/promises";
import type { Scene } from "../e2e/scene.ts";
import { startDaemon, usher, usherJson } from "../world/site.ts";
import type { SmtpPhase } from "../world/scripted-smtp.ts";
import type { Ledger } from "./ledger.ts";
import { begin, drawTrouble, end, type Kill, type Servers } from "./troubles.ts";

export interface Stage {
  readonly scene: Scene;
  readonly servers: Servers;
  readonly ledger: Ledger;
  readonly random: () => number;
}

const bob = "bob@recipient.example";
/** An aimed kill that its target never meets comes then. */
const longestLifeMs = 2500;

/** One life of the daemon: work comes in, servers misbehave, and it is killed in the middle. */
export async function liveAndDie(stage: Stage, number: number): Promise<void> {
  const { scene, servers, ledger, random } = stage;
  const trouble = drawTrouble(random, number);
  const reached = Promise.withResolvers<void>();
  const startedAt = Date.now();
  await begin(trouble, servers, (phase) => {
    if (isTarget(trouble.kill, phase)) reached.resolve();
  });
  await using daemon = startDaemon(scene.world.configFile);
  const ready = daemon.waitFor("ready", 10_000).then(
    () => (ledger.slowestStartMs = Math.max(ledger.slowestStartMs, Date.now() - startedAt)),
    () => undefined,
  );
  const work = Promise.all([
    bringWork(stage, number),
    dovecotAway(servers, trouble.dovecotAwayMs),
    ...(random() < 0.5 ? [acceptOne(stage)] : []),
  ]);
  const haste = trouble.isHasty ? hurry(scene) : null;
  await momentOf(trouble.kill, servers, reached.promise);
  await daemon.end("SIGKILL");
  await haste?.end();
  ledger.kills += 1;
  await Promise.all([work, ready]);
  await noteCutShort(stage);
  await end(servers);
  if (random() < 0.3) await letTimePass(scene);
}

/** Lets time pass again and again. */
function hurry(scene: Scene): { readonly end: () => Promise<void> } {
  const ending = new AbortController();
  const hurrying = (async () => {
    while (!ending.signal.aborted) {
      await letTimePass(scene);
      await wait(150);
    }
  })();
  return {
    end: async () => {
      ending.abort();
      await hurrying;
    },
  };
}

/** Waiting work of every kind is due now. */
export async function letTimePass({ store }: Scene): Promise<void> {
  await store.db.updateTable("job").set({ run_at: Date.now() }).where("state", "=", "ready").execute();
}

function isTarget(kill: Kill, phase: SmtpPhase): boolean {
  return kill.kind === "at-smtp" && kill.phase === phase;
}

async function momentOf(kill: Kill, { origin }: Servers, atPhase: Promise<void>): Promise<void> {
  if (kill.kind === "after") return wait(kill.ms);
  const latest = Date.now() + longestLifeMs;
  if (kill.kind === "at-smtp") return Promise.race([atPhase, wait(longestLifeMs)]);
  const target = origin.counters().requests + kill.requests;
  while (origin.counters().requests < target && Date.now() < latest) await wait(2);
}

async function bringWork(stage: Stage, number: number): Promise<void> {
  const { scene, ledger, random } = stage;
  const mails = 1 + Math.floor(random() * 3);
  for (let mail = 0; mail < mails; mail += 1) {
    const isAccepted = random() < 0.5;
    const title = `Folder ${number}.${mail}`;
    const shared = scene.world.share(bob, { title, files: ["quay.odt"], isAuthenticated: isAccepted });
    ledger.shares.set(shared.token, { shared, isAccepted });
    await deliver(stage, shared.mail);
    if (random() < 0.3) await deliver(stage, shared.mail);
    await deliver(stage, `From: carla@example.net\r\nTo: ${bob}\r\nSubject: ${title}\r\n\r\nAhoy\r\n`);
  }
  const to = [`guest${number}a@example.net`, `guest${number}b@example.net`];
  const link = `https://cloud.recipient.example/s/${number}`;
  const about = ["--account", "bob", "--title", `Sharing ${number}`, "--link", link, "--to", ...to];
  await usherJson(scene.world.configFile, ["sharing", "create", ...about]);
  ledger.invited.push(...to);
}

/** A delivery that fails while Dovecot is away is made again; the mail may then lie in the mailbox twice. */
async function deliver({ scene, ledger }: Stage, mail: string): Promise<void> {
  const latest = Date.now() + 20_000;
  for (;;) {
    try {
      await scene.world.deliver("bob", mail);
      ledger.mails += 1;
      return;
    } catch (error) {
      if (Date.now() > latest) throw error;
      await wait(50);
    }
  }
}

async function dovecotAway({ dovecot }: Servers, ms: number | null): Promise<void> {
  if (ms === null) return;
  await wait(ms);
  await dovecot.stop();
  await wait(ms);
  await dovecot.start();
}

/** Bob says yes to one share that waits for him, by the command line. */
async function acceptOne({ scene, ledger, random }: Stage): Promise<void> {
  const held = await scene.store.db
    .selectFrom("notification")
    .select(["id", "share_hint"])
    .where("state", "=", "held")
    .orderBy("created_at")
    .execute();
  const chosen = held[Math.floor(random() * held.length)];
  if (chosen === undefined) return;
  const run = await usher(scene.world.configFile, ["notification", "accept", chosen.id]);
  if (run.code !== 0) throw new Error(`notification accept ended with ${run.code}: ${run.err}`);
  ledger.accept(chosen.share_hint);
}

async function noteCutShort({ scene, ledger }: Stage): Promise<void> {
  const leased = await scene.store.db
    .selectFrom("job")
    .select("id")
    .where("state", "=", "leased")
    .where("kind", "=", "follow")
    .execute();
  ledger.visitsCutShort += leased.length;
}
