import { type Logger, schedule, validate } from "node-cron";
import type { Store } from "../store/store.ts";
import type { JobQueue, NewJob } from "./queue.ts";

/** One line of the schedule: five or six fields of cron, local time, and the job it plans. */
export interface ScheduleEntry {
  readonly cron: string;
  readonly job: NewJob;
}

interface ScheduleParts {
  readonly queue: JobQueue;
  readonly store: Store;
  /** Told of a tick that could not be planned; the next one plans it. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Plans the job of each entry at its times, and does no work itself. A tick whose last job still waits adds none, so
 * that work which takes longer than its interval does not pile up. Throws where a line is not cron.
 */
export function startSchedule(entries: readonly ScheduleEntry[], parts: ScheduleParts): AsyncDisposable {
  for (const { cron, job } of entries) {
    if (!validate(cron)) throw new Error(`The schedule of ${job.kind} is not a line of cron: ${cron}.`);
  }
  const planning = new Set<Promise<void>>();
  const tasks = entries.map((entry) =>
    schedule(
      entry.cron,
      () => {
        const plan = planTick(entry.job, parts).finally(() => planning.delete(plan));
        planning.add(plan);
      },
      { suppressMissedWarning: true, logger: loggerTo(parts.onProblem) },
    ),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      for (const task of tasks) await task.destroy();
      await Promise.all(planning);
    },
  };
}

async function planTick(job: NewJob, { queue, store, onProblem }: ScheduleParts): Promise<void> {
  try {
    await queue.enqueue(store.db, { uniqueKey: `tick/${job.kind}/${job.subject}`, ...job });
  } catch (error) {
    onProblem(error);
  }
}

/** node-cron would write to the console. */
function loggerTo(onProblem: (error: unknown) => void): Logger {
  return {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (problem, cause) => onProblem(cause ?? problem),
  };
}
