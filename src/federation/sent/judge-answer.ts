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
  if (takenBy.has(status)) return { kind: "taken" };
  const formTrouble = formTroubles[status];
  if (formTrouble !== undefined) return { kind: "other-form", because: formTrouble, words };
  const refusal = refusals[status];
  if (refusal !== undefined) return { kind: "refused", because: refusal, words };
  // Nextcloud does not say how long (reference/ocm.md 6.2).
  if (status === 429)
    return { kind: "later", because: "peer-busy", waitMs: retryAfterMs ?? limits.ocmPacedMs };
  const because = `http-${status}`;
  if (status === 408 || status >= 500) return { kind: "later", because, waitMs: retryAfterMs };
  return { kind: "refused", because, words };
}

/** 409: it has the share already, because the answer to an earlier attempt was lost. */
const takenBy: ReadonlySet<number> = new Set([200, 201, 409]);

const formTroubles: Readonly<Record<number, string>> = { 400: "peer-refused", 501: "peer-cannot-take" };

const refusals: Readonly<Record<number, string>> = {
  401: "peer-does-not-trust",
  403: "peer-forbids",
  404: "not-found-at-peer",
};

/** Of both forms of the body, the answer that says more: 501 means that the form was wrong. */
export function moreTelling<Answer extends { readonly because: string }>(
  first: Answer,
  second: Answer,
): Answer {
  return first.because === "peer-cannot-take" ? second : first;
}

function wordsIn(body: unknown): string | null {
  // Seafile's name for it comes last.
  const message = isObject(body) ? (body["message"] ?? body["error_msg"]) : null;
  const words = typeof message === "string" ? oneLine(message, limits.ocmPeerWordsChars) : "";
  return words === "" ? null : words;
}
