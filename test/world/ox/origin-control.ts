import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { OxOriginControls, Prefix } from "./origin.ts";
import { readObject } from "./wire.ts";

/** What `origin-main.ts` is started with. */
export interface OriginDescription {
  readonly hostname: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly prefix?: Prefix;
  /** 0 or absent lets the system choose. */
  readonly port?: number;
  /** The process ends with its standard input, so that it never outlives its parent. */
  readonly lifeline?: boolean;
}

/** The one line that `origin-main.ts` prints. */
export interface OriginAnnouncement {
  readonly port: number;
  readonly origin: string;
  readonly controlPort: number;
}

type Awaitable<F> = F extends (...given: infer Given) => infer Result
  ? (...given: Given) => Promise<Awaited<Result>>
  : never;

/** The controls of an originating server in another process: the same calls, each a promise. */
export type OxOriginRemote = { readonly [Name in keyof OxOriginControls]: Awaitable<OxOriginControls[Name]> };

export interface OxOriginProcess extends AsyncDisposable {
  readonly port: number;
  /** `https://hostname:port`. */
  readonly origin: string;
  readonly controlPort: number;
  readonly pid: number;
  readonly remote: OxOriginRemote;
}

/** Starts an originating server as a process of its own; disposing ends it. */
export async function startOxOriginProcess(description: OriginDescription): Promise<OxOriginProcess> {
  const program = fileURLToPath(new URL("origin-main.ts", import.meta.url));
  const whole: OriginDescription = { lifeline: true, ...description };
  const child = spawn(process.execPath, [program, JSON.stringify(whole)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const line = await Promise.race([
    once(lines, "line").then(([text]) => String(text)),
    ended.then(() => {
      throw new Error("The emulated origin ended before it announced its port; see its error output above.");
    }),
  ]);
  const announced = JSON.parse(line) as OriginAnnouncement;
  return {
    ...announced,
    pid: child.pid ?? 0,
    remote: connectToOrigin(announced.controlPort),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
      lines.close();
    },
  };
}

/** Typed access to the control port of an originating server that runs already. */
export function connectToOrigin(controlPort: number): OxOriginRemote {
  const target = {} as OxOriginRemote;
  return new Proxy(target, {
    get: (_, name) => {
      // A proxy that is awaited must not pass for a promise.
      if (typeof name === "symbol" || name === "then") return undefined;
      return async (...given: unknown[]) => ask(controlPort, name, given);
    },
  });
}

async function ask(port: number, name: string, given: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ call: name, with: given });
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
  const { value, error } = readObject(await answer.text()) ?? {};
  if (typeof error === "string") throw new Error(`The emulated origin refused "${name}": ${error}`);
  return value;
}
