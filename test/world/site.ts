import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Ends with the test that started it, also when that is killed. */
function program(nodeFlags: readonly string[] = []): string[] {
  return ["--pdeathsig", "TERM", process.execPath, ...nodeFlags, main];
}

export interface CliRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one `usher` command as a process of its own, as an administrator would. */
export async function usher(
  configFile: string | null,
  args: readonly string[],
  input?: string,
): Promise<CliRun> {
  const config = configFile === null ? [] : ["--config", configFile];
  const child = spawn("setpriv", [...program(), ...config, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.err += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  await once(child, "close");
  return { code: child.exitCode, ...text };
}

/** The JSON that a command printed. Throws with what it said instead. */
export async function usherJson<Value>(
  configFile: string,
  args: readonly string[],
  input?: string,
): Promise<Value> {
  const run = await usher(configFile, [...args, "--json"], input);
  if (run.code !== 0) throw new Error(`usher ${args.join(" ")} ended with ${run.code}: ${run.err}${run.out}`);
  const value: Value = JSON.parse(run.out);
  return value;
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A running `usher serve`. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  readonly log: readonly LogLine[];
  /** Everything it printed, also what is no log line. */
  text(): string;
  /** The first line of that event, past or to come. Rejects when the daemon ends or `maxMs` pass. */
  waitFor(event: string, maxMs?: number): Promise<LogLine>;
  /** Sends a signal and waits for the end. */
  end(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | null>;
  reload(): void;
  readonly ended: Promise<number | null>;
}

/** Starts `usher serve`; the configuration must say `log: {format: json}`. */
export function startDaemon(
  configFile: string,
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
): Daemon {
  const child = spawn("setpriv", [...program(nodeFlags), "--config", configFile, "serve"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const log: LogLine[] = [];
  let rest = "";
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const parsed = parseLine(line);
    if (parsed === null) rest += `${line}\n`;
    else log.push(parsed);
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (rest += chunk));
  const ended = once(child, "close").then(() => child.exitCode);
  return {
    pid: child.pid ?? 0,
    log,
    text: () => `${log.map((line) => JSON.stringify(line)).join("\n")}\n${rest}`,
    waitFor: async (event, maxMs = 60_000) =>
      waitForLine({ log, listeners, ended, event, maxMs, rest: () => rest }),
    end: async (signal) => {
      child.kill(signal);
      return ended;
    },
    reload: () => void child.kill("SIGHUP"),
    ended,
    [Symbol.asyncDispose]: async () => endProcess(child, ended),
  };
}

async function waitForLine(wanted: {
  readonly log: readonly LogLine[];
  readonly listeners: Set<() => void>;
  readonly ended: Promise<unknown>;
  readonly event: string;
  readonly maxMs: number;
  readonly rest: () => string;
}): Promise<LogLine> {
  const { log, listeners, ended, event, maxMs } = wanted;
  return new Promise((resolve, reject) => {
    function finish(act: () => void): void {
      clearTimeout(timer);
      listeners.delete(look);
      act();
    }
    function look(): void {
      const line = log.find((candidate) => candidate.event === event);
      if (line !== undefined) finish(() => resolve(line));
    }
    function fail(why: string): void {
      const last = log.slice(-15).map((line) => JSON.stringify(line));
      finish(() =>
        reject(new Error(`no ${event} in the log (${why}):\n${last.join("\n")}\n${wanted.rest()}`)),
      );
    }
    const timer = setTimeout(() => fail(`${maxMs} ms passed`), maxMs);
    listeners.add(look);
    look();
    void ended.then(() => fail("the daemon ended"));
  });
}

async function endProcess(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  await ended;
  clearTimeout(timer);
}

function parseLine(line: string): LogLine | null {
  try {
    const value: Record<string, unknown> | null = JSON.parse(line);
    if (typeof value?.["event"] !== "string") return null;
    return { ...value, event: value["event"], level: String(value["level"]) };
  } catch {
    return null;
  }
}
