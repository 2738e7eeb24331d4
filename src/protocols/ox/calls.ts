import { setTimeout as wait } from "node:timers/promises";
import type { CookieJar } from "tough-cookie";
import { limits } from "../../domain/limits.ts";
import {
  OutboundError,
  type OutboundClient,
  type OutboundDownload,
  type OutboundRequest,
  type OutboundResponse,
} from "../../http/outbound.ts";
import { retryAfterMs } from "../../http/retry-after.ts";
import { sizeBehind } from "../download-part.ts";
import type { Ask, Call } from "../protocol.ts";
import { type Answer, queuedJobId, readAnswer } from "./answers.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** What one login at one server shares: its cookies and its one User-Agent (reference/ox.md 4.3). */
export interface Line {
  readonly http: OutboundClient;
  /** Everything before `share/` in a link, or the configured API prefix; ends with a slash. */
  readonly apiBase: string;
  /** Null leaves it to the outgoing client. */
  readonly userAgent: string | null;
  readonly jar: CookieJar;
  readonly ask: Ask;
  /** Wait between two looks at a queued job. */
  readonly jobPollMs: number;
}

/** One request, named for the decision record. */
interface Request extends Pick<OutboundRequest, "url" | "method" | "body"> {
  readonly what: string;
  readonly contentType?: string;
}

/**
 * Makes one request and records it. `read` says what the answer means.
 * Trouble where no answer came or `read` found one. Throws only what is a bug.
 */
export async function exchange<T extends { readonly kind: string }>(
  line: Line,
  request: Request,
  read: (response: OutboundResponse) => T | Trouble,
): Promise<T | Trouble> {
  const { ask } = line;
  if (ask.signal.aborted) return trouble("called-off");
  const began = performance.now();
  const record = (status: number | null, meaning: string) =>
    ask.record(callOf(request, began, status, meaning));
  let response: OutboundResponse;
  try {
    response = await line.http.request(outboundRequest(line, request));
  } catch (error) {
    const failed = failureOf(error, ask.signal);
    record(null, failed.because);
    return failed;
  }
  const answer = read(response);
  if (!isTrouble(answer)) {
    record(response.status, "ok");
    return answer;
  }
  record(response.status, answer.code ?? answer.because);
  return { ...answer, retryAfterMs: answer.retryAfterMs ?? retryAfterMs(response.headers, Date.now()) };
}

/** A document as it comes; must be disposed of. */
export interface OxDocument {
  readonly kind: "document";
  readonly download: OutboundDownload;
}

/** The document ends before the range that was asked for. */
export interface BeyondEnd {
  readonly kind: "beyond-end";
  readonly sizeBytes: number | null;
}

/**
 * Asks for a document and records it with what its head says. A document says how it is to be saved
 * (Content-Disposition); whatever else comes is an answer of the API and read as one. `range` is a Range field.
 */
export async function downloadFrom(
  line: Line,
  request: Request,
  range: string | null,
): Promise<OxDocument | BeyondEnd | Trouble> {
  const { ask } = line;
  if (ask.signal.aborted) return trouble("called-off");
  const began = performance.now();
  const patience = new AbortController();
  const signal = AbortSignal.any([ask.signal, patience.signal]);
  let status: number | null = null;
  try {
    const { url, headers, jar } = outboundRequest(line, request);
    const download = await line.http.download({
      url,
      headers: { ...headers, ...(range === null ? {} : { range }) },
      ...(jar === undefined ? {} : { jar }),
      signal,
    });
    ({ status } = download);
    const found = await readHead(download, url, patience);
    const meaning = isTrouble(found) ? (found.code ?? found.because) : "ok";
    ask.record(callOf(request, began, status, meaning));
    return found;
  } catch (error) {
    const failed = failureOf(error, ask.signal);
    ask.record(callOf(request, began, status, failed.because));
    return failed;
  }
}

async function readHead(
  download: OutboundDownload,
  url: string,
  patience: AbortController,
): Promise<OxDocument | BeyondEnd | Trouble> {
  const { status, headers } = download;
  const isDocument = headers["content-disposition"] !== undefined;
  if (isDocument && (status === 200 || status === 206)) return { kind: "document", download };
  await using _ = download;
  if (status === 416) return { kind: "beyond-end", sizeBytes: sizeBehind(headers) };
  // The silence of a stream is bounded, its whole time hardly; an answer of the API is short.
  const timer = setTimeout(() => patience.abort(), limits.httpTotalMs);
  try {
    const text = await textOf(download.body);
    const answer = readQueued({ status, headers, text, url });
    if (answer.kind === "queued") return trouble("job-unfinished");
    if (!isTrouble(answer)) return trouble("answer-not-understood");
    return { ...answer, retryAfterMs: answer.retryAfterMs ?? retryAfterMs(headers, Date.now()) };
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(body: OutboundDownload["body"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limits.httpBodyBytes) throw new OutboundError("answer-too-large", true);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/**
 * A request that is answered in JSON. A 202 answer names a queued job, which is asked for until it is done
 * (reference/ox.md 4.3); `jobUrl` gives the address of a job.
 */
export async function callJson(
  line: Line,
  request: Request,
  jobUrl: (id: string) => string,
): Promise<Answer | Trouble> {
  let next = request;
  for (let polls = 0; polls <= limits.oxJobPolls; polls += 1) {
    const answer = await exchange(line, next, readQueued);
    if (answer.kind !== "queued") return answer;
    if (!(await waited(line.jobPollMs, line.ask.signal))) return trouble("called-off");
    next = { what: `${request.what} (queued)`, method: "GET", url: jobUrl(answer.id) };
  }
  return trouble("job-unfinished");
}

function readQueued(
  response: OutboundResponse,
): Answer | { readonly kind: "queued"; readonly id: string } | Trouble {
  const id = queuedJobId(response);
  return id === null ? readAnswer(response) : { kind: "queued", id };
}

async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

function outboundRequest(line: Line, request: Request): OutboundRequest {
  const { url, method, body, contentType } = request;
  return {
    url,
    method,
    headers: {
      ...(line.userAgent === null ? {} : { "user-agent": line.userAgent }),
      accept: "application/json, text/javascript, */*",
      ...(contentType === undefined ? {} : { "content-type": contentType }),
    },
    ...(body === undefined ? {} : { body }),
    jar: line.jar,
    signal: line.ask.signal,
  };
}

function failureOf(error: unknown, signal: AbortSignal): Trouble {
  if (signal.aborted)
    return isTimeout(signal) ? trouble("unreachable", { because: "timeout" }) : trouble("called-off");
  if (!(error instanceof OutboundError)) throw error;
  return trouble(error.temporary ? "unreachable" : "request-refused", { because: error.reason });
}

function isTimeout({ reason }: { readonly reason: unknown }): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

function callOf(request: Request, began: number, status: number | null, meaning: string): Call {
  return {
    what: request.what,
    method: request.method,
    url: recordedUrl(request.url),
    status,
    meaning,
    tookMs: Math.round(performance.now() - began),
  };
}

/** The address as a record may show it: share tokens cut to eight digits, of the query only the action (reference/ox.md 11). */
function recordedUrl(url: string): string {
  const { origin, pathname, searchParams } = new URL(url);
  const path = pathname.replaceAll(/[0-9a-f]{48}/gi, (token) => `${token.slice(0, 8)}…`);
  const action = searchParams.get("action");
  return `${origin}${path}${action === null ? "" : `?action=${action}`}`;
}
