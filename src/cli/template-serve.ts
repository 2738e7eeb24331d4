import { setTimeout as wait } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { type LoopbackPage, serveOnLoopback } from "../http/loopback-pages.ts";
import { escapeHtml } from "../mail/templates/escape-html.ts";
import { searchOrder } from "../mail/templates/folders.ts";
import { readOne } from "../mail/templates/load-one.ts";
import type { TemplateName } from "../mail/templates/names.ts";
import { TemplateError } from "../mail/templates/problem.ts";
import { type Cli, CommandError } from "./command.ts";
import { type Example, fillExample } from "./template-example.ts";

interface Served {
  readonly config: Config;
  readonly name: TemplateName;
  readonly locale: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Serves a preview that follows the files until the command is stopped. */
export async function serve(cli: Cli, served: Served): Promise<void> {
  const { stop } = cli.io.signals();
  let fingerprint = await fingerprintOf(served);
  let shown = await show(served);
  await using pages = await serveOnLoopback(served.port, (path) => pageAt(path, shown)).catch((error) => {
    throw new CommandError(
      `port ${served.port} of 127.0.0.1 cannot be used (${codeOf(error)}); name another with --port`,
    );
  });
  cli.io.out(`${pages.url} shows ${served.name} and follows your changes; Ctrl-C ends it.`);
  while (!stop.aborted) {
    await wait(limits.previewLookMs, null, { signal: stop }).catch(() => undefined);
    const now = await fingerprintOf(served);
    if (now === fingerprint) continue;
    fingerprint = now;
    shown = await show(served);
    pages.changed();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** The example, or what is wrong with the files. */
type Shown = Example | TemplateError;

async function show({ config, name, locale }: Served): Promise<Shown> {
  return fillExample(config, name, locale).catch(templateError);
}

async function fingerprintOf({ config, name, locale }: Served): Promise<string> {
  const read = await readOne(searchOrder(config.templates), name, locale).catch(templateError);
  return read instanceof TemplateError ? read.message : read.fingerprint;
}

function templateError(error: unknown): TemplateError {
  if (error instanceof TemplateError) return error;
  throw error;
}

/** Pictures within the HTML alone, and nothing that runs. */
const mailPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
const framePolicy =
  "default-src 'none'; frame-src 'self'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'";

function pageAt(path: string, shown: Shown): LoopbackPage | null {
  if (path === "/reload.js") {
    const body = 'new EventSource("/changes").onmessage = () => location.reload();';
    return { contentType: "text/javascript", policy: "default-src 'none'", body };
  }
  const contentType = "text/html; charset=utf-8";
  if (path === "/") return { contentType, policy: framePolicy, body: framePage(shown) };
  if (shown instanceof TemplateError || path !== "/mail") return null;
  return { contentType, policy: mailPolicy, body: shown.html };
}

function framePage(shown: Shown): string {
  const inner = shown instanceof TemplateError ? `<pre>${escapeHtml(shown.message)}</pre>` : frames(shown);
  return `<!doctype html><meta charset="utf-8"><title>Usher: preview</title><script src="/reload.js"></script>
<style>body { font: 15px sans-serif; margin: 20px } iframe { border: 1px solid #999; height: 900px; margin-right: 16px }
pre { white-space: pre-wrap; max-width: 80ch; background: #eee; padding: 16px }</style>${inner}`;
}

function frames({ mail: { from, subject, text } }: Example): string {
  const all = [frame(320, "light"), frame(800, "light"), frame(320, "dark"), frame(800, "dark")];
  return `<p>From: <b>${escapeHtml(from)}</b><br>Subject: <b>${escapeHtml(subject)}</b></p>
${all.join("")}<pre>${escapeHtml(text)}</pre>`;
}

/** What a page in a frame takes for the reader's scheme is the frame's. */
function frame(widthPx: number, scheme: string): string {
  return `<iframe src="/mail" sandbox width="${widthPx}" style="color-scheme: ${scheme}"></iframe>`;
}
