import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A running `usher template preview --serve`. */
export interface PreviewProcess extends AsyncDisposable {
  read(path: string): Promise<string>;
  status(path: string, how: { readonly method?: string; readonly host?: string }): Promise<number>;
  /** The server-sent events; each `next` waits for one, past or to come. */
  changes(): Promise<{ next(): Promise<void> }>;
  /** Sends a signal and gives the exit code. */
  end(signal: "SIGINT"): Promise<number | null>;
}

export async function startPreview(configFile: string, args: readonly string[]): Promise<PreviewProcess> {
  const command = ["--config", configFile, "template", "preview", "--serve", ...args];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", process.execPath, main, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const [said] = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
  const url = /^http:\/\/127\.0\.0\.1:\d+\//.exec(String(said))?.[0];
  if (url === undefined) throw new Error(`The preview was not served: ${said}`);
  async function end(signal: "SIGINT" | "SIGKILL"): Promise<number | null> {
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
  return {
    read: async (path) => (await fetch(`${url}${path}`)).text(),
    status: async (path, { method = "GET", host }) => {
      const call = request(`${url}${path}`, { method, headers: host === undefined ? {} : { host } });
      const answered = Promise.withResolvers<number>();
      call.on("response", (answer) => {
        answer.resume();
        answered.resolve(answer.statusCode ?? 0);
      });
      call.on("error", answered.reject);
      call.end();
      return answered.promise;
    },
    changes: async () => {
      const { body } = await fetch(`${url}changes`);
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      if (reader === undefined) throw new Error("There are no events.");
      return {
        next: async () => {
          for (;;) {
            const { value, done } = await reader.read();
            if (done) throw new Error("The events ended.");
            if (value.includes("data:")) return;
          }
        },
      };
    },
    end,
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
}
