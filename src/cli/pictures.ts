import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { z } from "zod";
import { limits } from "../domain/limits.ts";
import { CommandError } from "./command.ts";

/** How a mail is looked at. */
export interface Look {
  readonly widthPx: number;
  readonly isDark: boolean;
}

const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The first Chromium on PATH; null for none. */
export async function findChromium(path: string | undefined): Promise<string | null> {
  const files = (path ?? "").split(delimiter).flatMap((folder) => programs.map((name) => join(folder, name)));
  for (const file of files) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}

/**
 * PNGs of a whole page, one for each look. The browser is spoken to over pipes, knows no name of any host and runs no script
 * of the page. Throws CommandError where it does not do its work in time.
 */
export async function takePictures(
  program: string,
  html: string,
  looks: readonly Look[],
): Promise<readonly Buffer[]> {
  const profile = await mkdtemp(join(tmpdir(), "usher-pictures-"));
  const child = startChromium(program, profile);
  const ended = once(child, "close").then(() => {
    throw new CommandError(`${program} ended before it had taken a picture`);
  });
  try {
    const late = AbortSignal.timeout(limits.pictureMs);
    const taken = picturesOf(speakWith(child), html, looks);
    return await Promise.race([taken, ended, tooLate(program, late)]);
  } finally {
    const runs = child.exitCode === null && child.signalCode === null;
    if (child.pid !== undefined && runs) process.kill(-child.pid, "SIGKILL");
    await ended.catch(() => undefined);
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function tooLate(program: string, late: AbortSignal): Promise<never> {
  await once(late, "abort");
  throw new CommandError(`${program} took longer than ${limits.pictureMs / 1000} s`);
}

function startChromium(program: string, profile: string): ChildProcess {
  const flags = [
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    "--host-resolver-rules=MAP * ~NOTFOUND",
    // Chromium's own sandbox does not start as root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  // A group of its own: Chromium is many processes. 3 and 4 are the pipes.
  const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"] as const;
  const child = spawn(program, flags, { stdio: [...stdio], detached: true });
  // The close that follows tells it.
  child.on("error", () => undefined);
  return child;
}

type Call = (method: string, params: object, session?: string) => Promise<unknown>;

const answer = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Speaks the DevTools protocol: JSON, each ended by a NUL. */
function speakWith(child: ChildProcess): Call {
  const [, , , toChild, fromChild] = child.stdio;
  if (!(toChild instanceof Writable) || !(fromChild instanceof Readable))
    throw new Error("There are no pipes.");
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  toChild.on("error", () => undefined);
  onEachNul(fromChild, (text) => {
    const { id, result, error } = answer.parse(JSON.parse(text));
    const call = waiting.get(id ?? 0);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new CommandError(`Chromium refuses: ${error.message}`));
    waiting.delete(id ?? 0);
  });
  return async (method, params, sessionId) => {
    const id = ++last;
    const come = Promise.withResolvers<unknown>();
    waiting.set(id, come);
    toChild.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return come.promise;
  };
}

function onEachNul(stream: Readable, listener: (text: string) => void): void {
  let rest: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    let begin = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, begin)) {
      listener(Buffer.concat([...rest, chunk.subarray(begin, end)]).toString("utf8"));
      rest = [];
      begin = end + 1;
    }
    rest.push(chunk.subarray(begin));
  });
}

const target = z.object({ targetId: z.string() });
const session = z.object({ sessionId: z.string() });
const frames = z.object({ frameTree: z.object({ frame: z.object({ id: z.string() }) }) });
const layout = z.object({ cssContentSize: z.object({ height: z.number() }) });
const picture = z.object({ data: z.string() });

async function picturesOf(call: Call, html: string, looks: readonly Look[]): Promise<readonly Buffer[]> {
  const { targetId } = target.parse(await call("Target.createTarget", { url: "about:blank" }));
  const attached = await call("Target.attachToTarget", { targetId, flatten: true });
  const { sessionId } = session.parse(attached);
  const inTab = async (method: string, params: object): Promise<unknown> => call(method, params, sessionId);
  await inTab("Emulation.setScriptExecutionDisabled", { value: true });
  const { frameTree } = frames.parse(await inTab("Page.getFrameTree", {}));
  await inTab("Page.setDocumentContent", { frameId: frameTree.frame.id, html });
  const taken: Buffer[] = [];
  for (const look of looks) taken.push(await pictureOf(inTab, look));
  return taken;
}

async function pictureOf(inTab: Call, { widthPx: width, isDark }: Look): Promise<Buffer> {
  const features = [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }];
  await inTab("Emulation.setEmulatedMedia", { features });
  const screen = { width, height: 600, deviceScaleFactor: 1, mobile: width < 500 };
  await inTab("Emulation.setDeviceMetricsOverride", screen);
  const { cssContentSize } = layout.parse(await inTab("Page.getLayoutMetrics", {}));
  const height = Math.min(Math.ceil(cssContentSize.height), limits.pictureHeightPx);
  const clip = { x: 0, y: 0, width, height, scale: 1 };
  const { data: png } = picture.parse(
    await inTab("Page.captureScreenshot", { clip, captureBeyondViewport: true }),
  );
  return Buffer.from(png, "base64");
}
