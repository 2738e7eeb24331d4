import { runCli } from "../../src/cli/cli.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What overwrote the current line of the terminal. */
  readonly status: readonly string[];
}

export interface RunOptions {
  readonly input?: string;
  /** Width of a terminal; left out, output goes to a pipe. */
  readonly columns?: number;
}

/** Runs one command in this process: quicker than a process of its own, and with a terminal where one is wanted. */
export async function run(
  configFile: string,
  args: readonly string[],
  { input = "", columns }: RunOptions = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const status: string[] = [];
  const code = await runCli(["--config", configFile, ...args], {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    outBytes: async (chunk) => void out.push(Buffer.from(chunk).toString("utf8")),
    status: (line) => void status.push(line),
    columns: columns ?? null,
    env: {},
    signals: () => ({ stop: new AbortController().signal, onReload: () => undefined }),
    read: async (maxBytes) => Promise.resolve(Buffer.from(input).subarray(0, maxBytes)),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), status };
}
