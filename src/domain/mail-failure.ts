/** Why a mail did not reach its recipient, as far as a person can do something about it. */
export type MailFailure =
  | "unknown-user"
  | "unknown-domain"
  | "mailbox-full"
  | "mailbox-closed"
  | "too-large"
  | "refused"
  /** The address needs SMTPUTF8, and a server on the way has none. */
  | "international-address"
  /** No server took it for days. */
  | "expired"
  /** A fault of the recipient's server. */
  | "server-fault"
  /** Not sent: earlier mail to the address came back. */
  | "suppressed"
  /** Not sent: the recipient wants no more invitations of this account. */
  | "muted"
  /** Not sent: Usher could not write it, or found no mail server that took it. */
  | "not-sent"
  | "other";

/**
 * What a failure's enhanced status code means (RFC 3463 section 3; 5.1.10 RFC 7505; 5.6.7 and 5.6.8 RFC 6531). A failure of
 * class 4 is one that was tried until its time was over.
 */
export function failureOfStatus(status: string | null): MailFailure {
  if (status === null) return "other";
  const [kind = "", subject = "", detail = ""] = status.split(".");
  if (kind === "4") return `${subject}.${detail}` === "2.2" ? "mailbox-full" : "expired";
  return byDetail[`${subject}.${detail}`] ?? bySubject[subject] ?? "other";
}

const byDetail: Readonly<Record<string, MailFailure>> = {
  "1.2": "unknown-domain",
  "1.10": "unknown-domain",
  "2.1": "mailbox-closed",
  "2.2": "mailbox-full",
  "2.3": "too-large",
  "3.4": "too-large",
  "4.4": "unknown-domain",
  "4.7": "expired",
  "6.7": "international-address",
  "6.8": "international-address",
};

const bySubject: Readonly<Record<string, MailFailure>> = {
  "1": "unknown-user",
  "2": "mailbox-closed",
  "3": "server-fault",
  "4": "server-fault",
  "6": "refused",
  "7": "refused",
};

/** What the last words about a mail that was given up mean: of a mail server, or of Usher itself. */
export function failureOfReply(reply: string): {
  readonly failure: MailFailure;
  readonly status: string | null;
} {
  const status = statusOfReply(reply);
  return { failure: status === null ? "not-sent" : failureOfStatus(status), status };
}

/** The enhanced status code of a failure in what a server said (RFC 2034 section 4); null where it holds none. */
export function enhancedStatusIn(text: string): string | null {
  return /(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\d)/.exec(text)?.[0] ?? null;
}

/**
 * The status of an SMTP reply: the enhanced one, else the nearest to its code (RFC 5321 section 4.2.2). Null for a text that
 * is no reply.
 */
export function statusOfReply(reply: string): string | null {
  const [, code = ""] = /^([45]\d\d)[ -]/.exec(reply) ?? [];
  if (code === "") return null;
  return enhancedStatusIn(reply) ?? byCode[code] ?? `${code[0]}.0.0`;
}

const byCode: Readonly<Record<string, string>> = { "551": "5.1.6", "552": "5.2.2", "553": "5.1.3" };
