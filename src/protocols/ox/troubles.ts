import type { LinkState } from "../../domain/subscription.ts";
import { noAnswer } from "../no-answer.ts";
import type { NotFollowed, TryLater } from "../protocol.ts";

/** Whether an account asks for the first time or looks at a subscription that stands (reference/ox.md 7). */
export type Look = "first" | "again";

type Outcome = NotFollowed["state"] | "later";

export type TroubleName =
  | "unreachable"
  | "request-refused"
  | "called-off"
  | "server-busy"
  | "server-error"
  | "request-not-accepted"
  | "answer-not-understood"
  | "job-unfinished"
  | "session-lost"
  | "not-a-share-redirect"
  | "redirect-elsewhere"
  | "no-session"
  | "login-type-unknown"
  | "login-refused"
  | "client-refused"
  | "share-revoked"
  | "folder-not-visible"
  | "other-folder-answered"
  | "guest-password-needed"
  | "guest-password-rejected"
  | "anonymous-guest"
  | "wrong-account"
  | "module-not-available"
  | "single-file"
  | "module-not-listed"
  | "link-malformed"
  | "home-login-refused"
  | "home-not-usable"
  | "home-cannot-reach-origin"
  | "home-cannot-resolve"
  | "home-does-not-support"
  | "left-at-home";

/** Why a step could not be done. A value: these are the expected ends of talking to an OX server. */
export interface Trouble {
  readonly kind: "trouble";
  readonly name: TroubleName;
  /** The reason given to callers: the name, or the finer reason of the outgoing guard. */
  readonly because: string;
  /** The server's own error code, for example `LGI-0006`. */
  readonly code: string | null;
  readonly retryAfterMs: number | null;
}

interface Meaning {
  readonly first: Outcome;
  readonly again: Outcome;
  /** `{host}` is replaced by the server's name. */
  readonly words: string;
}

/** What each trouble means for a share (reference/ox.md 7); the table of README.md. */
const meanings: Readonly<Record<TroubleName, Meaning>> = {
  ...noAnswer,
  "request-not-accepted": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} did not accept the request; ask the sharer whether the link still works in a browser.",
  },
  "answer-not-understood": {
    first: "later",
    again: "later",
    words: "{host} did not answer as OX App Suite does; Usher asks again later.",
  },
  "job-unfinished": {
    first: "later",
    again: "later",
    words: "{host} took too long over a request that it had put in its queue; Usher asks again later.",
  },
  "session-lost": {
    first: "later",
    again: "later",
    words: "{host} ended the session twice in a row; Usher asks again later.",
  },
  "not-a-share-redirect": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "The link at {host} does not lead into an OX share; ask the sharer to share again.",
  },
  "redirect-elsewhere": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "The link at {host} leads to another server, which Usher does not follow; ask the sharer to share again.",
  },
  "no-session": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} gave no session for the link; ask the sharer to share again.",
  },
  "login-type-unknown": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} wants a kind of login that Usher does not know; open the link in a browser instead.",
  },
  "login-refused": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} does not let this guest in; ask the sharer to look at the guest's account there.",
  },
  "client-refused": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} refuses Usher as a client; its operator can lift that.",
  },
  "share-revoked": {
    first: "UNRESOLVABLE",
    again: "REMOVED",
    words: "The share at {host} is gone or was revoked; ask the sharer to share again.",
  },
  "folder-not-visible": {
    first: "UNRESOLVABLE",
    again: "REMOVED",
    words: "The shared folder at {host} is gone or not visible any more; ask the sharer to share again.",
  },
  "other-folder-answered": {
    first: "UNRESOLVABLE",
    again: "later",
    words: "{host} answers for another folder than the one that was shared; ask the sharer to share again.",
  },
  "guest-password-needed": {
    first: "ADDABLE_WITH_PASSWORD",
    again: "CREDENTIALS_REFRESH",
    words: "The share at {host} is protected by a guest password; give Usher that password.",
  },
  "guest-password-rejected": {
    first: "ADDABLE_WITH_PASSWORD",
    again: "CREDENTIALS_REFRESH",
    words: "{host} rejects the guest password; give Usher the right one.",
  },
  "anonymous-guest": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words:
      "The link at {host} belongs to nobody in particular, and only shares to a named guest can be followed; ask the sharer to invite the account's address.",
  },
  "wrong-account": {
    first: "FORBIDDEN",
    again: "FORBIDDEN",
    words:
      "The share at {host} was made for another address; ask the sharer to invite one of the account's addresses.",
  },
  "module-not-available": {
    first: "UNSUPPORTED",
    again: "later",
    words: "The account may not subscribe shares of this module at {host}; the operator there can allow it.",
  },
  "single-file": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words:
      "The link at {host} names a single file, and only folders can be followed; ask the sharer to share its folder.",
  },
  "module-not-listed": {
    first: "UNSUPPORTED",
    again: "UNSUPPORTED",
    words: "{host} follows a calendar, and only folders of files can be listed; open it there instead.",
  },
  "link-malformed": {
    first: "UNRESOLVABLE",
    again: "REMOVED",
    words: "The link to {host} is not a share link of OX App Suite; ask the sharer to share again.",
  },
  "home-login-refused": {
    first: "later",
    again: "later",
    words:
      "The account's own server {host} rejects the stored login; renew it with `usher account home add`.",
  },
  "home-not-usable": {
    first: "later",
    again: "later",
    words:
      "The account's own server {host} cannot be used as it is set up; check its address with `usher account show`, and outbound.exceptions where it is not public.",
  },
  "home-cannot-reach-origin": {
    first: "later",
    again: "later",
    words: "The account's own server {host} cannot reach the server of the share; Usher asks again later.",
  },
  "home-cannot-resolve": {
    first: "UNRESOLVABLE",
    again: "REMOVED",
    words:
      "The account's own server {host} cannot open the link; ask the sharer whether the share still stands, then accept it again.",
  },
  "home-does-not-support": {
    first: "UNSUPPORTED",
    again: "later",
    words:
      "The account's own server {host} cannot follow this share; its operator can allow federated sharing for the account.",
  },
  "left-at-home": {
    first: "UNSUBSCRIBED",
    again: "UNSUBSCRIBED",
    words:
      "The subscription was ended at the account's own server {host}; accept the share again to renew it.",
  },
};

/** A trouble by its name; `because` names it more exactly where the name is too coarse for the record. */
export function trouble(
  name: TroubleName,
  more: {
    readonly because?: string;
    readonly code?: string | null;
    readonly retryAfterMs?: number | null;
  } = {},
): Trouble {
  return {
    kind: "trouble",
    name,
    because: more.because ?? name,
    code: more.code ?? null,
    retryAfterMs: more.retryAfterMs ?? null,
  };
}

export function isTrouble(value: { readonly kind?: unknown }): value is Trouble {
  return value.kind === "trouble";
}

/** What a trouble at `host` means for the share: a final no or another try. */
export function replyTo(what: Trouble, look: Look, host: string): NotFollowed | TryLater {
  const meaning = meanings[what.name];
  const code = what.code === null ? "" : ` The server's code is ${what.code}.`;
  const detail = meaning.words.replace("{host}", host) + code;
  const state: LinkState | "later" = meaning[look];
  if (state === "later") {
    return { kind: "try-later", because: what.because, detail, retryAfterMs: what.retryAfterMs };
  }
  return { kind: "no", state, because: what.because, detail };
}
