import type { LinkState } from "../domain/subscription.ts";
import { noAnswer } from "../protocols/no-answer.ts";
import type { NotFollowed, TryLater } from "../protocols/protocol.ts";

/** Whether an account asks for the first time or looks at a share that it follows. */
export type Look = "first" | "again";

type Outcome = NotFollowed["state"] | "later";

interface Meaning {
  readonly first: Outcome;
  readonly again: Outcome;
  /** `{host}` is replaced by the server's name, `{said}` by what it said. */
  readonly words: string;
}

/** What each trouble with the server of a share means for it (reference/ocm.md 7 and 8). */
const meanings = {
  ...noAnswer,
  "answer-not-understood": {
    first: "later",
    again: "later",
    words: "{host} did not answer as servers of Open Cloud Mesh do; Usher asks again later.",
  },
  "redirect-elsewhere": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} leads to another place, which Usher does not follow; ask the sharer to share again.",
  },
  "request-not-accepted": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} did not accept the request; ask the sharer to share again.",
  },
  "not-allowed": {
    first: "FORBIDDEN",
    again: "FORBIDDEN",
    words: "{host} does not let the account see the share at the moment; the sharer can look at it there.",
  },
  "no-peer": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} does not say that it is a server of Open Cloud Mesh; ask the sharer to share again.",
  },
  "share-gone": {
    first: "UNRESOLVABLE",
    again: "REMOVED",
    words: "The share at {host} is gone or was taken back; ask the sharer to share again.",
  },
  "not-received": {
    first: "FORBIDDEN",
    again: "FORBIDDEN",
    words: "{host} shared nothing with this account under that notification; ask the sharer to share again.",
  },
  "given-up": {
    first: "UNRESOLVABLE",
    again: "UNSUBSCRIBED",
    words:
      "The account declined or left the share at {host}, which ended it there; ask the sharer to share again.",
  },
  "requirement-not-met": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words:
      "{host} opens the share only under a requirement that Usher does not meet, such as a second factor; open it at a server of your own.",
  },
  "not-readable": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words: "The share at {host} only takes files in and shows none; open its link in a browser instead.",
  },
  "foreign-address": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "{host} names an address of another server for the share, which Usher never asks; tell its operator.",
  },
  "no-webdav": {
    first: "UNSUPPORTED",
    again: "later",
    words: "{host} names no WebDAV address, and Usher opens shares by nothing else.",
  },
  "secret-unusable": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "What {host} gave to open the share cannot be sent over HTTP; ask the sharer to share again.",
  },
  "token-refused": {
    first: "FORBIDDEN",
    again: "FORBIDDEN",
    words: "{host} gives no access token for the share; ask its operator whether it trusts this site.",
  },
  "guest-password-needed": {
    first: "ADDABLE_WITH_PASSWORD",
    again: "CREDENTIALS_REFRESH",
    words: "The link at {host} is protected by a password; give Usher that password.",
  },
  "guest-password-rejected": {
    first: "ADDABLE_WITH_PASSWORD",
    again: "CREDENTIALS_REFRESH",
    words: "{host} rejects the password of the link; give Usher the right one.",
  },
  "plain-link": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words:
      "The link to {host} is no share that a server could give to another; open it in a browser instead.",
  },
  "link-without-federation": {
    first: "UNSUPPORTED",
    again: "later",
    words:
      "Public links of {host} cannot be turned into shares with another server; open the link in a browser, or ask the sharer to share with the account's federated address.",
  },
  "link-not-converted": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "{host} does not turn the link into a share; it says: {said} Accept it once more, with the password where the link has one.",
  },
  "address-not-taken": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "{host} does not take the account's federated address; ask its operator whether it may share with this site.",
  },
  "site-not-reached": {
    first: "later",
    again: "later",
    words:
      "{host} cannot reach this site; the operator of this site can look whether server.publicUrl opens from outside. Usher asks again later.",
  },
  "site-not-served": {
    first: "UNSUPPORTED",
    again: "later",
    words:
      "Shares of {host} come to an address of this site, and Usher serves none; its operator can set server.publicUrl and ocm.enabled.",
  },
  "share-not-posted": {
    first: "later",
    again: "later",
    words: "{host} says that it shared, and the share did not arrive here yet; Usher looks again later.",
  },
  "shared-before-elsewhere": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "{host} says that it shared this with {said} before, and which share that is cannot be told; look at what waits with `usher notification list`, or ask the sharer to share again.",
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type TroubleName = keyof typeof meanings;

/** Why a step could not be done. A value: these are the expected ends of talking to the server of a share. */
export interface Trouble {
  readonly kind: "trouble";
  readonly name: TroubleName;
  /** The name, or the finer reason of who refused. */
  readonly because: string;
  /** A sentence for a person, where somebody has a better one. */
  readonly detail: string | null;
  /** Goes into the sentence; one line, without secrets. */
  readonly said: string;
  readonly retryAfterMs: number | null;
}

export function trouble(
  name: TroubleName,
  more: {
    readonly because?: string;
    readonly detail?: string;
    readonly said?: string;
    readonly retryAfterMs?: number | null;
  } = {},
): Trouble {
  return {
    kind: "trouble",
    name,
    because: more.because ?? name,
    detail: more.detail ?? null,
    said: more.said ?? "",
    retryAfterMs: more.retryAfterMs ?? null,
  };
}

export function isTrouble(value: { readonly kind?: unknown }): value is Trouble {
  return value.kind === "trouble";
}

/** What a trouble at `host` means for the share: a final no or another try. */
export function replyTo(what: Trouble, look: Look, host: string): NotFollowed | TryLater {
  const meaning: Meaning = meanings[what.name];
  const detail = what.detail ?? filled(meaning.words, host, what.said);
  const state: LinkState | "later" = meaning[look];
  if (state === "later") {
    return { kind: "try-later", because: what.because, detail, retryAfterMs: what.retryAfterMs };
  }
  return { kind: "no", state, because: what.because, detail };
}

function filled(words: string, host: string, said: string): string {
  return words.replaceAll(/\{(?:host|said)\}/g, (place) => (place === "{host}" ? host : said));
}
