import { shortened } from "../domain/share.ts";
import { OutboundError, type OutboundClient, type OutboundRequest } from "../http/outbound.ts";
import type { Ask, NotFollowed, TryLater } from "../protocols/protocol.ts";
import { type CallFailure, callCozy, type CozyReply, failureOf } from "./call.ts";

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
  const reply = await callCozy(recording(http, what, ask), { ...request, signal: ask.signal });
  if (reply.kind === "unanswered") return unanswered(failureOf(reply), request.url, ask);
  if (!failureOf(reply).temporary || reply.status < 300) return reply;
  return overloaded(failureOf(reply), request.url);
}

/** The way out with every request put on record under this name; what was called off is asked no more. */
export function recording(http: OutboundClient, what: string, ask: Ask): OutboundClient {
  return {
    download: async (wanted) => http.download(wanted),
    request: async (request) => {
      if (isCalledOff(ask)) throw new OutboundError("called-off", true);
      const began = performance.now();
      const record = (status: number | null, meaning: string): void =>
        ask.record({
          what,
          method: request.method,
          url: recordedUrl(request.url),
          status,
          meaning,
          tookMs: Math.round(performance.now() - began),
        });
      try {
        const response = await http.request(request);
        record(response.status, meaningOf(response));
        return response;
      } catch (error) {
        record(null, error instanceof OutboundError ? error.reason : "failed");
        throw error;
      }
    },
  };
}

/** What a call came to that gave no credentials or did not do what it was for; null where the other side refused it. */
export function outcomeOf(failure: CallFailure, url: string, ask: Ask): NotFollowed | TryLater | null {
  if (failure.status === null) return unanswered(failure, url, ask);
  if (failure.reason === "nonsense") return notUnderstood(url);
  return failure.temporary ? overloaded(failure, url) : null;
}

function unanswered({ reason, temporary }: CallFailure, url: string, ask: Ask): NotFollowed | TryLater {
  const host = hostOf(url);
  if (isCalledOff(ask)) {
    return later("called-off", `The work at ${host} was called off; it is done again later.`);
  }
  if (temporary) return later(reason, `${host} could not be reached; Usher asks again later.`);
  const detail = `The outgoing guard refused the request to ${host}; an exception under outbound.exceptions would let it pass.`;
  return never(reason, detail);
}

function overloaded({ retryAfterMs: askedMs = null }: CallFailure, url: string): TryLater {
  const detail = `${hostOf(url)} is overloaded or has an error of its own; Usher asks again later.`;
  return later("server-error", detail, askedMs);
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "";
}

function meaningOf({ status }: Pick<Answered, "status">): string {
  return status < 400 ? "ok" : `http-${status}`;
}

/** Addresses as a record may show them: without query, ids and secrets cut to eight characters. */
function recordedUrl(href: string): string {
  const url = URL.parse(href);
  if (url === null) return "";
  return url.origin + url.pathname.replaceAll(/[\w-]{16,}/g, shortened);
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
  return later(
    "answer-not-understood",
    `${hostOf(url)} did not answer as a Cozy does; Usher asks again later.`,
  );
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
