import type { Config } from "./config/config.ts";
import { createLiveConfig, type LiveConfig } from "./config/live.ts";
import type { ConfigProblem } from "./config/load.ts";
import { limits } from "./domain/limits.ts";
import type { JobReport } from "./jobs/attempt.ts";
import type { Workers } from "./jobs/queue.ts";
import { startSchedule } from "./jobs/schedule.ts";
import type { SqlQueueOptions } from "./jobs/sql-queue.ts";
import { createMailParser } from "./mail/mail-parser.ts";
import { createMailboxes, type Mailboxes } from "./mailbox/watch-all.ts";
import type { Log } from "./observe/log.ts";
import { createSystemd, type Systemd } from "./observe/systemd.ts";
import {
  openWayOut,
  originWorkers,
  readingWorkers,
  receivingParts,
  scanRules,
  sharingParts,
} from "./parts.ts";
import { createSendInvitation } from "./sharing/send-invitation.ts";
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
  const daemon = assemble(site, source.env, stack);
  source.onReload(() => void reload(daemon));
  daemon.systemd.watchdog(() => performance.now() - beat.atMs < limits.watchdogBeatMs);
  await work(daemon, source.stop);
  return { kind: "stopped" };
}

function assemble(site: Site, env: DaemonSource["env"], stack: AsyncDisposableStack): Daemon {
  const { log } = site;
  const systemd = stack.use(createSystemd(env, log));
  const live = createLiveConfig(site.config, env);
  const current = (): Config => live.current;
  const receiving = receivingParts(site, stack.use(openWayOut(site, current)), current);
  const parser = stack.use(createMailParser());
  const mailboxes = stack.use(
    createMailboxes({ ...site, config: current, rules: scanRules(site.queue), log }),
  );
  const workers = {
    ...originWorkers(receiving),
    ...readingWorkers(receiving, parser, async (id, use) => mailboxes.withSession(id, use)),
    "send-invitation": createSendInvitation(sharingParts(site, stack, current)),
  };
  const sweep = { kind: "sweep-subscriptions", subject: "site", lane: "site" } as const;
  const onProblem = (error: unknown): void => log.error("schedule-failed", { error });
  stack.use(startSchedule([{ cron: "* * * * *", job: sweep }], { ...site, onProblem }));
  return { site, live, systemd, mailboxes, workers };
}

/** Ready as soon as the mailboxes are being watched; ends when `stop` aborts and running work has ended. */
async function work({ site, systemd, mailboxes, workers }: Daemon, stop: AbortSignal): Promise<void> {
  const { log } = site;
  const watching = mailboxes.watch(stop);
  const working = site.queue.work(workers, stop);
  await systemd.ready("watching mailboxes");
  log.info("ready", { store: site.store.file });
  try {
    await Promise.all([watching, working]);
  } finally {
    await systemd.stopping();
    log.info("stopping", {});
  }
}

async function reload({ site, live, systemd, mailboxes }: Daemon): Promise<void> {
  await systemd.reloading();
  const result = await live.reload();
  if (result.ok) {
    site.log.adjust(live.current.log);
    mailboxes.refresh();
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
