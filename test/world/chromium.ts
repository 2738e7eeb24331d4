import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findProgram } from "./packages.ts";

/** One tab of a real browser without a window. */
export interface Chromium extends AsyncDisposable {
  /** Opens an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** What an expression gives in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Clicks the first match of a CSS selector and waits until the next page is loaded. */
  click(selector: string): Promise<void>;
  /** Shows the page on a screen of that width. */
  show(how: Look): Promise<void>;
  /** A PNG of the whole page. */
  picture(how: Look): Promise<Buffer>;
}

interface Look {
  readonly widthPx: number;
  readonly isDark: boolean;
}

/** Starts a Chromium that reaches that one host, at a port of loopback, and nothing else. */
export async function startChromium(reach: {
  readonly host: string;
  readonly port: number;
}): Promise<Chromium> {
  const program = await findProgram("chromium", ["chromium"]);
  const profile = await mkdtemp(join(tmpdir(), "usher-chromium-"));
  const rules = `MAP ${reach.host} 127.0.0.1:${reach.port},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1`;
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--accept-lang=de",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    `--host-resolver-rules=${rules}`,
    // Stands for the proxy with a certificate, so that the browser says where a form comes from.
    `--unsafely-treat-insecure-origin-as-secure=http://${reach.host}`,
    "about:blank",
  ];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", program, ...flags], {
    stdio: "ignore",
    detached: true,
  });
  const ended = once(child, "close");
  async function end(): Promise<void> {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
  try {
    return tabOf(await connect(profile), end);
  } catch (error) {
    await end();
    throw error;
  }
}

type Call = (method: string, params?: object) => Promise<Record<string, unknown>>;

interface Connection {
  readonly call: Call;
  /** Resolves with the next event of that name. */
  readonly next: (event: string) => Promise<unknown>;
  readonly close: () => void;
}

function tabOf({ call, next, close }: Connection, end: () => Promise<void>): Chromium {
  const evaluate: Chromium["evaluate"] = async (expression) => {
    const { result } = await call("Runtime.evaluate", { expression, returnByValue: true });
    return typeof result === "object" && result !== null && "value" in result ? result.value : null;
  };
  const show: Chromium["show"] = async ({ widthPx, isDark }) => {
    const features = [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }];
    await call("Emulation.setEmulatedMedia", { features });
    await call("Emulation.setDeviceMetricsOverride", {
      width: widthPx,
      height: 900,
      deviceScaleFactor: 1,
      mobile: widthPx < 500,
    });
  };
  return {
    evaluate,
    show,
    open: async (url) => {
      const loaded = next("Page.loadEventFired");
      await call("Page.navigate", { url });
      await loaded;
    },
    click: async (selector) => {
      const loaded = next("Page.loadEventFired");
      await evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
      await loaded;
    },
    picture: async (how) => {
      await show(how);
      const { data: png } = await call("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(String(png), "base64");
    },
    [Symbol.asyncDispose]: async () => {
      close();
      await end();
    },
  };
}

/** Speaks the DevTools protocol with the first tab. */
async function connect(profile: string): Promise<Connection> {
  const socket = new WebSocket(await addressOfTab(profile));
  const calls = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const waiting = new Map<string, PromiseWithResolvers<unknown>>();
  socket.addEventListener("message", ({ data: text }) => {
    const said: { id?: number; method?: string; result?: Record<string, unknown>; error?: object } =
      JSON.parse(String(text));
    waiting.get(said.method ?? "")?.resolve(said);
    const call = calls.get(said.id ?? 0);
    if (said.error === undefined) call?.resolve(said.result ?? {});
    else call?.reject(new Error(`Chromium refuses: ${JSON.stringify(said.error)}`));
  });
  await once(socket, "open", { signal: AbortSignal.timeout(60_000) });
  let last = 0;
  const call: Call = async (method, params = {}) => {
    const id = ++last;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    calls.set(id, answer);
    socket.send(JSON.stringify({ id, method, params }));
    return inTime(answer.promise, method);
  };
  await call("Page.enable");
  return {
    call,
    next: async (event) => {
      const come = Promise.withResolvers<unknown>();
      waiting.set(event, come);
      return inTime(come.promise, event);
    },
    close: () => socket.close(),
  };
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  try {
    const tooLate = wait(60_000, null, { signal: late.signal }).then(() => {
      throw new Error(`Chromium: no ${what} within a minute.`);
    });
    return await Promise.race([promise, tooLate]);
  } finally {
    late.abort();
  }
}

async function addressOfTab(profile: string): Promise<string> {
  for (let tries = 0; tries < 600; tries += 1) {
    const port = (await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n")[0];
    if (port !== undefined && port !== "") {
      const tabs = await fetch(`http://127.0.0.1:${port}/json/list`).then(async (reply) => reply.json());
      const tab = Array.isArray(tabs) ? tabs.find(({ type }) => type === "page") : undefined;
      if (tab !== undefined) return String(tab.webSocketDebuggerUrl);
    }
    await wait(100);
  }
  throw new Error("Chromium opened no tab within a minute.");
}
