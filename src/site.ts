import { pid } from "node:process";
import type { Config } from "./config/config.ts";
import type { ConfigProblem } from "./config/load.ts";
import { loadConfig } from "./config/load.ts";
import { createSqlQueue, type SqlQueueOptions, type SqlQueue } from "./jobs/sql-queue.ts";
import { createLog, type AdjustableLog, type Log } from "./observe/log.ts";
import { createSealer, type Sealer } from "./store/sealing.ts";
import { isServing } from "./store/instance-lock.ts";
import { openStore, type Store } from "./store/store.ts";

/** What the daemon and every command that changes something share: configuration, store, seal, queue and log. */
export interface Site extends AsyncDisposable {
  readonly config: Config;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: SqlQueue;
  readonly log: AdjustableLog;
}

export interface SiteSource {
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who takes jobs: `daemon`, or `command` for work done by a command itself. */
  readonly owner: "daemon" | "command";
  readonly writeLog: (line: string) => void;
  /** What a daemon wants to hear of its queue. */
  readonly queueEvents?: (log: Log) => Pick<SqlQueueOptions, "onOutcome" | "onProblem" | "onBeat">;
}

export type OpenedSite =
  | { readonly ok: true; readonly site: Site }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Opens everything that stands in files. Throws StoreError where the store cannot be opened. */
export async function openSite(source: SiteSource): Promise<OpenedSite> {
  const loaded = await loadConfig(source.configFile, source.env);
  if (!loaded.ok) return loaded;
  const { config } = loaded;
  const log = createLog({ ...config.log, write: source.writeLog });
  // A command of a newer program must not change the schema under a running daemon.
  const migrate = source.owner === "daemon" || !(await isServing(config.store.file));
  const store = await openStore(config.store.file, { migrate });
  const sealer = createSealer(config.key);
  const queue = createSqlQueue({ store, owner: `${source.owner}/${pid}`, ...source.queueEvents?.(log) });
  return {
    ok: true,
    site: {
      config,
      store,
      sealer,
      queue,
      log,
      [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose](),
    },
  };
}
