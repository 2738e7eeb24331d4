import type { Config } from "./config.ts";
import { loadConfig } from "./load.ts";
import type { ConfigProblem, ConfigWarning } from "./problem.ts";
import { Secret } from "./secret.ts";

/** Told after a reload has taken effect, with the paths that changed. */
type ReloadListener = (config: Config, changed: readonly string[]) => void;

type Reload =
  | { readonly ok: true; readonly changed: readonly string[]; readonly warnings: readonly ConfigWarning[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The configuration in force. */
export interface LiveConfig {
  readonly current: Config;
  /**
   * Reads the file again: all of it takes effect, or nothing where anything is wrong. One reload runs at a time.
   * A listener that throws does not keep the others from being told; its error is thrown then.
   */
  reload(): Promise<Reload>;
  onReload(listener: ReloadListener): Disposable;
}

/** What everything that is open was opened with. */
const fixedPaths = ["store.file", "key"];

/** Holds `first` until a reload replaces it. */
export function createLiveConfig(
  first: Config,
  env: Readonly<Record<string, string | undefined>>,
): LiveConfig {
  let current = first;
  let turn: Promise<unknown> = Promise.resolve();
  const listeners = new Set<ReloadListener>();

  async function reloadNow(): Promise<Reload> {
    const loaded = await loadConfig(current.file, env);
    if (!loaded.ok) return loaded;
    const changed = changedPaths(current, loaded.config);
    const problems = changed.filter((path) => fixedPaths.includes(path)).map(cannotChange);
    if (problems.length > 0) return { ok: false, problems };
    current = loaded.config;
    if (changed.length > 0) tellAll(listeners, current, changed);
    return { ok: true, changed, warnings: loaded.warnings };
  }
  return {
    get current() {
      return current;
    },
    async reload() {
      const mine = turn.then(reloadNow);
      turn = mine.catch(() => {});
      return mine;
    },
    onReload(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

function tellAll(listeners: ReadonlySet<ReloadListener>, config: Config, changed: readonly string[]): void {
  const errors: unknown[] = [];
  for (const listener of listeners) {
    try {
      listener(config, changed);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, "Parts of Usher failed to take the new configuration.");
}

function cannotChange(path: string): ConfigProblem {
  return {
    path,
    value: null,
    message: "cannot change while Usher runs.",
    remedy: "Put the old value back, or restart: systemctl restart usher",
    line: null,
    column: null,
  };
}

function changedPaths(before: Config, after: Config): string[] {
  const old = leaves(before);
  const now = leaves(after);
  const paths = new Set([...old.keys(), ...now.keys()]);
  return [...paths].filter((path) => old.get(path) !== now.get(path)).toSorted();
}

/** Paths as they are written in the file, each with a text that differs when the value does. Lists are one value. */
function leaves(value: unknown, path = ""): Map<string, string> {
  if (value instanceof Secret) return new Map([[path, value.reveal()]]);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Map([[path.replace(/Ms$/, ""), JSON.stringify(value)]]);
  }
  const entries = Object.entries(value).flatMap(([key, inner]) => [
    ...leaves(inner, path === "" ? key : `${path}.${key}`),
  ]);
  return new Map(entries);
}
