import { createLiveConfig, type LiveConfig } from "./config/live.ts";
import type { ConfigProblem } from "./config/load.ts";
import { limits } from "./domain/limits.ts";
import { unreachable } from "./domain/unreachable.ts";
import type { JobReport } from "./jobs/attempt.ts";
import type { Workers } from "./jobs/queue.ts";
import { type ScheduleEntry, startSchedule } from "./jobs/schedule.ts";
import type { SqlQueueOptions } from "./jobs/sql-queue.ts";
import { createMailboxes, type MailboxesParts, type Mailboxes } from "./mailbox/watch-all.ts";
import type { Log } from "./observe/log.ts";
import { createSystemd, type Systemd } from "./observe/systemd.ts";
import { createExpire } from "./receiving/expire.ts";
import { planAnswers } from "./receiving/plan-mailbox.ts";
import { createSweep } from "./receiving/sweep.ts";
import { createSweepSharings } from "./sharing/sweep.ts";
import { planningParts } from "./sharing-parts.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig } from "./room.ts";
import { accountRules, lazyOrigins, lazyReading, lazySending } from "./rooms.ts";
import { openSite, type Site } from "./site.ts";
import { lockInstance } from "./store/instance-lock.ts";
import { requireSound } from "./store/store.ts";

export interface DaemonSource {
  readonly configFile: string;
  readonly env: Record<string, string | undefined>;
  readonly writeLog: (line: string) => void;
  readonly stop: AbortSignal;
  readonly onReload: (listener: () => void) => void;
}

export type Served =
  | { readonly kind: "stopped" }
  | { readonly kind: "bad-configuration"; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: "already-serving"; readonly storeFile: string };

interface Daemon {
  readonly site: Site;
  readonly live: LiveConfig;
  readonly systemd: Systemd;
  readonly mailboxes: Mailboxes;
  readonly workers: Workers;
}

/**
 * Runs the daemon until it is asked to stop; what was opened is released in reverse order. Throws where a part that
 * it cannot do without fails for good.
 */
export async function serve(source: DaemonSource): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const beat = { atMs: performance.now() };
  const opened = await openSite({
    ...source,
    owner: "daemon",
    queueEvents: (log) => queueEvents(log, beat),
  });
  if (!opened.ok) return { kind: "bad-configuration", problems: opened.problems };
  const site = stack.use(opened.site);
  const lock = await lockInstance(site.store.file);
  if (lock === null) return { kind: "already-serving", storeFile: site.store.file };
  stack.use(lock);
  await requireSound(site.store);
  const freed = await site.queue.releaseOwn("daemon/");
  if (freed > 0) site.log.info("work-resumed", { jobs: freed });
  const daemon = await assemble(site, source.env, stack);
  source.onReload(() => {
    reload(daemon).catch((error: unknown) => site.log.error("reload-failed", { error }));
  });
  daemon.systemd.watchdog(() => performance.now() - beat.atMs < limits.watchdogBeatMs);
  await work(daemon, source.stop);
  return { kind: "stopped" };
}

async function assemble(site: Site, env: DaemonSource["env"], stack: AsyncDisposableStack): Promise<Daemon> {
  const { log } = site;
  const systemd = stack.use(createSystemd(env, log));
  const live = createLiveConfig(site.config, env);
  const current: CurrentConfig = () => live.current;
  const mailboxes = stack.use(await createMailboxes(mailboxesParts(site, current)));
  const origins = lazyOrigins(stack, site, current);
  const reading = lazyReading(stack, site, current, async (id, use) => mailboxes.withSession(id, use));
  const workers = {
    "sweep-subscriptions": createSweep(site),
    "sweep-sharings": createSweepSharings(planningParts(site, current)),
    "expire-notifications": createExpire(receivingParts(site, [], current)),
    ...reading.workers,
    ...origins.workers,
    ...lazySending(stack, site, current).workers,
  };
  const onProblem = (error: unknown): void => log.error("schedule-failed", { error });
  stack.use(startSchedule(schedule, { ...site, onProblem }));
  if (site.config.server !== null) {
    const { createServing } = await import("./serving.ts");
    const server = await createServing(site, current, async () => origins.open());
    log.info("listening", { address: stack.use(server).address });
  }
  return { site, live, systemd, mailboxes, workers };
}

const schedule: readonly ScheduleEntry[] = [
  { cron: "* * * * *", job: { kind: "sweep-subscriptions", subject: "site", lane: "site" } },
  { cron: "* * * * *", job: { kind: "sweep-sharings", subject: "site", lane: "site" } },
  { cron: "17 * * * *", job: { kind: "sweep-federation", subject: "site", lane: "site" } },
  { cron: "*/5 * * * *", job: { kind: "expire-notifications", subject: "site", lane: "site" } },
];

function mailboxesParts(site: Site, current: CurrentConfig): MailboxesParts {
  return {
    ...site,
    rules: accountRules(site, current),
    settings: () => {
      const { mailServers, mailbox } = current();
      return { mailServers, pollEveryMs: mailbox.pollEveryMs, answerFolder: mailbox.answerFolder };
    },
    onAnswers: async (db, found, answer) => planAnswers(db, found, answer, site.queue),
    report: (event, mailbox) => tellMailbox(site.log, event, mailbox),
    random: Math.random,
  };
}

/** Does what is due until `stop` aborts and running work has ended. */
async function work({ site, systemd, mailboxes, workers }: Daemon, stop: AbortSignal): Promise<void> {
  const { log } = site;
  await systemd.ready(`watching ${mailboxes.status().length} mailboxes`);
  log.info("ready", { store: site.store.file, mailboxes: mailboxes.status().length });
  let isTold = false;
  async function tellStop(): Promise<void> {
    if (isTold) return;
    isTold = true;
    log.info("stopping");
    await systemd.stopping();
  }
  // At once: the work under way may take a while to end.
  stop.addEventListener("abort", () => void tellStop(), { once: true });
  try {
    await site.queue.work(workers, stop);
  } finally {
    await tellStop();
  }
}

async function reload({ site, live, systemd, mailboxes }: Daemon): Promise<void> {
  await systemd.reloading();
  const result = await live.reload();
  if (result.ok) {
    site.log.adjust(live.current.log);
    await mailboxes.refresh();
    site.log.info("reloaded", { changed: result.changed, warnings: result.warnings });
  } else {
    const { problems } = result;
    site.log.error("reload-refused", { because: "the configuration is wrong; the old one stays", problems });
  }
  await systemd.ready("watching mailboxes");
}

function queueEvents(
  log: Log,
  beat: { atMs: number },
): Pick<SqlQueueOptions, "onOutcome" | "onProblem" | "onBeat"> {
  return {
    onOutcome: (report) => tellJob(log, report),
    onProblem: (error) => log.error("store-trouble", { error }),
    onBeat: () => {
      beat.atMs = performance.now();
    },
  };
}

/** Parked work and faults are for the administrator; the rest only for who looks closely. */
function tellJob(log: Log, { job, result, because, tookMs, error }: JobReport): void {
  const fields = { job: job.id, kind: job.kind, subject: job.subject, attempt: job.attempt, because, tookMs };
  if (error !== null && error !== undefined) log.error(`job-${result}`, { ...fields, error });
  else if (result === "parked") log.warn("job-parked", fields);
  else log.debug(`job-${result}`, fields);
}

function tellMailbox(log: Log, ...[event, mailbox]: Parameters<MailboxesParts["report"]>): void {
  const about = { mailbox: mailbox?.id ?? null, account: mailbox?.account ?? null };
  switch (event.kind) {
    case "connected":
      return log.info("mailbox-connected", about);
    case "failed": {
      const { reason, message } = event.error;
      return log.warn("mailbox-failed", { ...about, reason, message, retryInMs: event.retryInMs });
    }
    case "folder-missing":
      return log.warn("mailbox-folder-missing", { ...about, folder: event.folder });
    case "answers-off":
      return log.warn("mailbox-answers-off", { ...about, message: event.error.message });
    case "fault":
      return log.error("mailbox-fault", { ...about, error: event.error });
    case "scanned": {
      const { seen, found, refusedUids } = event.result;
      return log.info("mailbox-scanned", { ...about, folder: event.folder, seen, found, refusedUids });
    }
    default:
      return unreachable(event);
  }
}
