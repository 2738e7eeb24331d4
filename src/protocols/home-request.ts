import { limits } from "../domain/limits.ts";
import { type OutboundClient, OutboundError, type OutboundRequest } from "../http/outbound.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import type { Ask, FollowerHome, TryLater } from "./protocol.ts";

/** One request to the account's own server, in his name. */
export interface HomeRequest {
  /** For the decision record, for example `accept at home`. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Behind the server's base address; begins with a slash. */
  readonly path: string;
  /** `path` as the record may show it; left out where it holds no secret. */
  readonly shownPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as a form. */
  readonly body?: object | URLSearchParams;
  /** Statuses that are answers here, though elsewhere they are trouble of the server. */
  readonly answers?: readonly number[];
}

export interface HomeAnswer {
  readonly kind: "answered";
  readonly status: number;
  /** JSON; null where the answer is none. */
  readonly body: unknown;
}

/**
 * Asks a home server by HTTP with login and app password (RFC 7617), and records it. What says nothing about a share is to be
 * tried later: no answer, overload, errors and redirects of the server, a login that it does not take.
 */
export async function askHome(
  http: OutboundClient,
  home: FollowerHome,
  request: HomeRequest,
  ask: Ask,
): Promise<HomeAnswer | TryLater> {
  const { host } = new URL(home.baseUrl);
  if (ask.signal.aborted) return later(host, abortedReason(ask.signal), null);
  const began = performance.now();
  const record = (status: number | null, meaning: string): void =>
    ask.record({
      what: request.what,
      method: request.method,
      url: home.baseUrl + (request.shownPath ?? request.path),
      status,
      meaning,
      tookMs: Math.round(performance.now() - began),
    });
  try {
    const { status, text, headers } = await http.request(outbound(home, request, ask));
    const trouble = request.answers?.includes(status) === true ? null : troubleOf(status);
    record(status, trouble ?? "ok");
    if (trouble !== null) return later(host, trouble, retryAfterMs(headers, Date.now()));
    return { kind: "answered", status, body: jsonIn(text) };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    record(null, error.reason);
    return later(host, error.reason, null);
  }
}

function outbound(home: FollowerHome, request: HomeRequest, ask: Ask): OutboundRequest {
  const { body } = request;
  const credentials = Buffer.from(`${home.login}:${home.password()}`, "utf8").toString("base64");
  const isForm = body instanceof URLSearchParams;
  return {
    url: home.baseUrl + request.path,
    method: request.method,
    headers: {
      authorization: `Basic ${credentials}`,
      accept: "application/json",
      ...(body === undefined
        ? {}
        : { "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json" }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body.toString() : JSON.stringify(body) }),
    signal: ask.signal,
  };
}

/** Statuses that are of the server or of our own login, whatever was asked; null for the others. */
function troubleOf(status: number): string | null {
  if (status === 401) return "home-login-refused";
  if (status === 408 || status === 429 || status === 503) return "server-busy";
  if (status >= 500) return "server-error";
  return status < 200 || (status >= 300 && status < 400) || status === 403 ? "home-not-usable" : null;
}

/** Nothing is decided about a share where its home server could not be asked; a wrong password is not tried again soon. */
function later(host: string, because: string, askedMs: number | null): TryLater {
  const detail = sentences[because] ?? "{host} could not be reached; Usher asks again later.";
  const waitMs = because === "home-login-refused" ? limits.originErrorPauseMs : askedMs;
  return { kind: "try-later", because, detail: detail.replace("{host}", host), retryAfterMs: waitMs };
}

const sentences: Readonly<Record<string, string>> = {
  "home-login-refused":
    "The home server {host} does not take login and password; make a new app password there and give it with `usher account home add`.",
  "server-busy": "The home server {host} is overloaded or in maintenance; Usher asks again when it said so.",
  "server-error": "The home server {host} answered with an error of its own; Usher asks again later.",
  "home-not-usable":
    "The home server {host} refuses what Usher asks; look at its address with `usher account home test`.",
  "answer-not-understood":
    "The home server {host} did not answer as its kind does; look at its address with `usher account home test`.",
};

/** For answers of a form that the server's kind does not have: nothing is decided by them. */
export function notUnderstood(home: FollowerHome): TryLater {
  return later(new URL(home.baseUrl).host, "answer-not-understood", null);
}

/** The reason of a signal that fired, as the outgoing guard names it. */
function abortedReason({ reason }: { readonly reason: unknown }): string {
  return reason instanceof DOMException && reason.name === "TimeoutError" ? "timeout" : "aborted";
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
