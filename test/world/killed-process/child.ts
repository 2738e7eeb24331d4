import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A second process of this project that talks in lines; ended by its pid. */
export interface Child extends AsyncDisposable {
  /** The next line it writes; throws when it ends or says nothing within a minute. */
  line(): Promise<string>;
  /** Everything it wrote until it ended, and how it ended. */
  rest(): Promise<{ readonly lines: readonly string[]; readonly code: number | null }>;
  tell(line: string): void;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts one of the `*-main.ts` files of this folder. */
export function startChild(script: string, ...args: readonly string[]): Child {
  const path = new URL(script, import.meta.url).pathname;
  const child = spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  // Not "close", which waits until somebody has read all that the child wrote.
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    line: async () => {
      const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
      const next = await lines.next();
      clearTimeout(timer);
      if (next.done === true) throw new Error(`${script} ended before it said anything more.`);
      return next.value;
    },
    rest: async () => {
      const said: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next())
        said.push(next.value);
      await ended;
      return { lines: said, code: child.exitCode };
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill("SIGKILL");
    },
  };
}
