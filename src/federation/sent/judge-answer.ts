import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";

/** What a peer made of a share that was posted to it. */
export type Judged =
  | { readonly kind: "taken" }
  /** It may take the other form of the body. */
  | { readonly kind: "other-form"; readonly because: string; readonly words: string | null }
  /** For good. `because` is kebab-case; `words` are the peer's own, of one line. */
  | { readonly kind: "refused"; readonly because: string; readonly words: string | null }
  | { readonly kind: "later"; readonly because: string; readonly waitMs: number | null };

/** Reads the answer to POST /shares by its status (reference/ocm.md 4.3, 6.2, 8). */
export function judgeAnswer({
  status,
  body,
  retryAfterMs,
}: {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | null;
}): Judged {
  const words = wordsIn(body);
  switch (status) {
    case 200:
    case 201:
    // It has the share already: an answer to an earlier attempt was lost.
    case 409:
      return { kind: "taken" };
    case 400:
      return { kind: "other-form", because: "peer-refused", words };
    case 501:
      return { kind: "other-form", because: "peer-cannot-take", words };
    case 401:
      return { kind: "refused", because: "peer-does-not-trust", words };
    case 403:
      return { kind: "refused", because: "peer-forbids", words };
    case 404:
      return { kind: "refused", because: "not-found-at-peer", words };
    case 429:
      // Nextcloud does not say how long (reference/ocm.md 6.2).
      return { kind: "later", because: "peer-busy", waitMs: retryAfterMs ?? limits.ocmPacedMs };
    case 408:
      return { kind: "later", because: "peer-busy", waitMs: retryAfterMs };
    default:
      if (status >= 500) return { kind: "later", because: `http-${status}`, waitMs: retryAfterMs };
      return { kind: "refused", because: `http-${status}`, words };
  }
}

/** Of both forms of the body, the answer that says more: 501 means that the form was wrong. */
export function moreTelling<Answer extends { readonly because: string }>(
  first: Answer,
  second: Answer,
): Answer {
  return first.because === "peer-cannot-take" ? second : first;
}

function wordsIn(body: unknown): string | null {
  const message = isObject(body) ? body["message"] : null;
  const words = typeof message === "string" ? oneLine(message, limits.ocmPeerWordsChars) : "";
  return words === "" ? null : words;
}
