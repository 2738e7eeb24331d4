import { shortened } from "../domain/share.ts";
import { OutboundError, type OutboundResponse } from "../http/outbound.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import type { Ask } from "../protocols/protocol.ts";
import { isTrouble, type Trouble, trouble } from "./trouble.ts";

type Head = Pick<OutboundResponse, "status" | "headers">;

/** One request, named for the decision record. */
export interface Named {
  readonly what: string;
  readonly method: string;
  readonly url: string;
}

/**
 * Makes one request and records it with what `read` takes the answer for. Trouble where none came, or one of a server that
 * cannot answer now. Throws only what is a bug.
 */
export async function recorded<A extends Head, T extends { readonly kind: string }>(
  named: Named,
  ask: Ask,
  send: () => Promise<A>,
  read: (answer: A) => T | Trouble | Promise<T | Trouble>,
): Promise<T | Trouble> {
  if (ask.signal.aborted) return trouble("called-off");
  const began = performance.now();
  let status: number | null = null;
  const record = (meaning: string): void =>
    ask.record({
      ...named,
      url: recordedUrl(named.url),
      status,
      meaning,
      tookMs: Math.round(performance.now() - began),
    });
  try {
    const answer = await send();
    ({ status } = answer);
    const found =
      unavailable(answer.status, retryAfterMs(answer.headers, Date.now())) ?? (await read(answer));
    record(isTrouble(found) ? found.because : "ok");
    return found;
  } catch (error) {
    const failed = failureOf(error, ask.signal);
    record(failed.because);
    return failed;
  }
}

/** What the status says of the server alone, whatever was asked; null where it is an answer. */
export function unavailable(status: number, askedMs: number | null): Trouble | null {
  if (status === 408 || status === 429 || status === 503) {
    return trouble("server-busy", { retryAfterMs: askedMs });
  }
  return status >= 500 && status !== 501 ? trouble("server-error", { retryAfterMs: askedMs }) : null;
}

/** What a status that brought nothing means for a share. */
export function refusedBy(status: number): Trouble {
  if (status === 401) return trouble("share-gone", { because: "not-authenticated" });
  if (status === 404 || status === 410) return trouble("share-gone");
  if (status === 403) return trouble("not-allowed");
  if (status >= 300 && status < 400) return trouble("redirect-elsewhere");
  return status >= 400 ? trouble("request-not-accepted") : trouble("answer-not-understood");
}

function failureOf(error: unknown, signal: AbortSignal): Trouble {
  if (signal.aborted) {
    return isTimeout(signal) ? trouble("unreachable", { because: "timeout" }) : trouble("called-off");
  }
  if (!(error instanceof OutboundError)) throw error;
  return trouble(error.temporary ? "unreachable" : "request-refused", { because: error.reason });
}

function isTimeout({ reason }: { readonly reason: unknown }): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

/** Addresses as a record may show them: without query, and what may be a token cut to eight characters. */
function recordedUrl(href: string): string {
  const url = URL.parse(href);
  if (url === null) return "";
  return url.origin + url.pathname.replaceAll(/(?<=\/)[\w-]{15,}(?=\/|$)/g, shortened);
}
