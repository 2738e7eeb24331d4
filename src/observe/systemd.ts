import { execFile } from "node:child_process";
import { pid } from "node:process";
import { limits } from "../domain/limits.ts";
import type { Log } from "./log.ts";

/** What the service tells systemd (sd_notify(3)); without systemd every call does nothing. Nothing here throws. */
export interface Systemd extends AsyncDisposable {
  /** Work has begun; also ends a reload. */
  ready(status: string): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /** Pings the watchdog of the unit at half its time, as long as `isHealthy` says so in time. */
  watchdog(isHealthy: () => boolean | Promise<boolean>): void;
}

/**
 * Takes NOTIFY_SOCKET and WATCHDOG_* out of `env`, so that no other child of this process inherits them.
 * Node has no datagram sockets of AF_UNIX, so the program systemd-notify speaks (reference/security.md 10.4);
 * the unit needs NotifyAccess=all for it.
 */
export function createSystemd(env: Record<string, string | undefined>, log?: Pick<Log, "warn">): Systemd {
  const socket = env["NOTIFY_SOCKET"];
  const watchdogMs = pingIntervalMs(env);
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (socket === undefined || socket === "") return silent;

  const childEnv = { NOTIFY_SOCKET: socket, PATH: env["PATH"] };
  let last = Promise.resolve();
  /** One after the other: systemd takes the last word. */
  async function tell(...words: string[]): Promise<void> {
    last = last.then(async () => notify(words, childEnv, log));
    return last;
  }
  let timer: NodeJS.Timeout | undefined;
  return {
    ready: async (status) => tell("--ready", `--status=${oneLine(status)}`),
    status: async (text) => tell(`--status=${oneLine(text)}`),
    reloading: async () => tell("RELOADING=1"),
    stopping: async () => tell("STOPPING=1"),
    watchdog(isHealthy) {
      clearInterval(timer);
      if (watchdogMs === null) return;
      timer = startPings(watchdogMs, isHealthy, async () => tell("WATCHDOG=1"), log);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await last;
    },
  };
}

const silent: Systemd = {
  ready: async () => {},
  status: async () => {},
  reloading: async () => {},
  stopping: async () => {},
  watchdog() {},
  async [Symbol.asyncDispose]() {},
};

/** Half of WATCHDOG_USEC in ms; null where the unit has no watchdog or it is meant for another process. */
function pingIntervalMs(env: Readonly<Record<string, string | undefined>>): number | null {
  const timeoutMs = Number(env["WATCHDOG_USEC"] ?? "") / 1000;
  const owner = env["WATCHDOG_PID"];
  if (!(timeoutMs > 0) || (owner !== undefined && owner !== String(pid))) return null;
  return Math.min(timeoutMs / 2, limits.intervalMaxMs);
}

/** A health question that hangs, throws or says no means no ping: systemd then ends and restarts the service. */
function startPings(
  everyMs: number,
  isHealthy: () => boolean | Promise<boolean>,
  ping: () => Promise<void>,
  log: Pick<Log, "warn"> | undefined,
): NodeJS.Timeout {
  let isAsking = false;
  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      if (await isHealthy()) await ping();
      else log?.warn("watchdog-not-fed", { because: "the work loop makes no progress" });
    } catch (error) {
      log?.warn("watchdog-not-fed", { error });
    } finally {
      isAsking = false;
    }
  }
  return setInterval(() => void ask(), everyMs).unref();
}

const program = "systemd-notify";

async function notify(
  words: readonly string[],
  env: Record<string, string | undefined>,
  log: Pick<Log, "warn"> | undefined,
): Promise<void> {
  await new Promise<void>((resolve) => {
    execFile(program, [...words], { env, timeout: limits.notifyMs }, (error) => {
      if (error !== null) log?.warn("systemd-not-told", { words, code: error.code ?? error.signal });
      resolve();
    });
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, limits.remoteTextChars);
}
