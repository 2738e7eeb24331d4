import type { OutboundClient, OutboundRequest } from "../../http/outbound.ts";
import { retryAfterMs } from "../../http/retry-after.ts";
import type { Ask, NotFollowed, TryLater } from "../../protocols/protocol.ts";
import { callCozy, type CozyReply, failureOf } from "../call.ts";

/** One request of a recipient at another Cozy, named for the decision record. */
export interface RecipientCall extends Omit<OutboundRequest, "signal" | "jar" | "redirects"> {
  readonly what: string;
}

type Answered = Extract<CozyReply, { readonly kind: "answered" }>;

/** Makes one request and records it; `try-later` or a final no where nothing was answered, or too little to mean anything. */
export async function askCozy(
  http: OutboundClient,
  { what, ...request }: RecipientCall,
  ask: Ask,
): Promise<Answered | NotFollowed | TryLater> {
  const host = URL.parse(request.url)?.host ?? "";
  if (isCalledOff(ask))
    return later("called-off", `The work at ${host} was called off; it is done again later.`);
  const began = performance.now();
  const reply = await callCozy(http, { ...request, signal: ask.signal });
  ask.record({
    what,
    method: request.method,
    url: recordedUrl(request.url),
    status: reply.kind === "answered" ? reply.status : null,
    meaning: reply.kind === "answered" ? meaningOf(reply) : reply.reason,
    tookMs: Math.round(performance.now() - began),
  });
  if (reply.kind === "unanswered") {
    if (reply.temporary || isCalledOff(ask)) {
      return later(reply.reason, `${host} could not be reached; Usher asks again later.`);
    }
    const detail = `The outgoing guard refused the request to ${host}; an exception under outbound.exceptions would let it pass.`;
    return never(reply.reason, detail);
  }
  if (!failureOf(reply).temporary || reply.status < 300) return reply;
  const detail = `${host} is overloaded or has an error of its own; Usher asks again later.`;
  return later("server-error", detail, retryAfterMs(reply.headers, Date.now()));
}

function meaningOf({ status }: Answered): string {
  return status < 400 ? "ok" : `http-${status}`;
}

/** Addresses as a record may show them: without query, ids cut to eight digits. */
function recordedUrl(href: string): string {
  const url = URL.parse(href);
  if (url === null) return "";
  return url.origin + url.pathname.replaceAll(/[0-9a-f]{32}/gi, (id) => `${id.slice(0, 8)}…`);
}

export function later(because: string, detail: string, askedMs: number | null = null): TryLater {
  return { kind: "try-later", because, detail, retryAfterMs: askedMs };
}

/** A final no before anything was followed. */
export function never(
  because: string,
  detail: string,
  state: NotFollowed["state"] = "UNRESOLVABLE",
): NotFollowed {
  return { kind: "no", state, because, detail };
}

/** The other side answered well-formed HTTP, and not as a Cozy does. */
export function notUnderstood(url: string): TryLater {
  const host = URL.parse(url)?.host ?? "";
  return later("answer-not-understood", `${host} did not answer as a Cozy does; Usher asks again later.`);
}

/** A secret of the account's own is nothing for addresses; forms carry it (RFC 6749 section 2.3.1). */
export function formOf(fields: Readonly<Record<string, string>>): Pick<RecipientCall, "headers" | "body"> {
  return {
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new URLSearchParams(fields).toString(),
  };
}

/** While an answer was waited for, this may have changed. */
function isCalledOff({ signal }: Ask): boolean {
  return signal.aborted;
}
