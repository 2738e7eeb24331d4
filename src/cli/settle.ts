import { setTimeout as wait } from "node:timers/promises";
import type { JobKind } from "../jobs/queue.ts";
import type { Site } from "../site.ts";
import { isServing } from "../store/instance-lock.ts";
import type { Cli } from "./command.ts";

interface Work {
  readonly kinds: readonly JobKind[];
  readonly subject: string;
}

const pollMs = 100;
/** Longer than one whole visit at an origin (limits.httpTotalMs). */
const waitMs = 60_000;

/**
 * Waits until planned work has been tried: by the daemon where one serves this store, else here and now.
 * Returns when nothing of it is due any more; work that will be tried again later counts as tried.
 */
export async function settle(cli: Cli, site: Site, work: Work): Promise<void> {
  if (!(await isServing(site.config.store.file))) {
    const { createOrigins } = await import("../origins.ts");
    await using origins = createOrigins(site, () => site.config);
    await site.queue.drain(origins.workers, work, AbortSignal.timeout(waitMs));
    return;
  }
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline && (await isDue(site, work))) await wait(pollMs);
  if (await isDue(site, work))
    cli.io.err("The daemon has not come to it yet; usher doctor shows what it does.");
}

async function isDue(site: Site, work: Work): Promise<boolean> {
  const row = await site.store.db
    .selectFrom("job")
    .select("id")
    .where("kind", "in", work.kinds)
    .where("subject", "=", work.subject)
    .where((all) =>
      all.or([
        all("state", "=", "leased"),
        all.and([all("state", "=", "ready"), all("run_at", "<=", Date.now())]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
