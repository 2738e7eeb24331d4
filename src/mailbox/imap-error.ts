import { MailboxError, type MailboxReason } from "./session.ts";
import { list, property } from "./untyped.ts";

/** Response codes of RFC 5530 to a login or another command. */
const responseCodes: Readonly<Record<string, MailboxReason>> = {
  AUTHENTICATIONFAILED: "authentication-failed",
  AUTHORIZATIONFAILED: "authentication-failed",
  EXPIRED: "authentication-failed",
  UNAVAILABLE: "throttled",
  LIMIT: "throttled",
  INUSE: "throttled",
  OVERQUOTA: "throttled",
  CONTACTADMIN: "throttled",
  SERVERBUG: "throttled",
  PRIVACYREQUIRED: "tls",
  NONEXISTENT: "no-such-folder",
  TRYCREATE: "no-such-folder",
  NOPERM: "not-permitted",
};

/** Codes of imapflow, of Node's sockets and of Node's DNS. */
const errorCodes: Readonly<Record<string, MailboxReason>> = {
  ETHROTTLE: "throttled",
  CONNECT_TIMEOUT: "timeout",
  GREETING_TIMEOUT: "timeout",
  UPGRADE_TIMEOUT: "timeout",
  ETIMEOUT: "timeout",
  ETIMEDOUT: "timeout",
  ECONNREFUSED: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  NoConnection: "connection-lost",
  EConnectionClosed: "connection-lost",
  StateLogout: "connection-lost",
  ClosedAfterConnectText: "connection-lost",
  ClosedAfterConnectTLS: "connection-lost",
  ECONNRESET: "connection-lost",
  EPIPE: "connection-lost",
  STARTTLS_INJECTION: "tls",
  EPROTO: "tls",
};

/** Certificate checks of Node end with codes of OpenSSL's X509_V_ERR_* names, protocol faults with ERR_TLS_ or ERR_SSL_. */
const tlsCode =
  /^ERR_(TLS|SSL)_|^CERT_|^UNABLE_TO_|^DEPTH_ZERO_|^SELF_SIGNED_|^HOSTNAME_MISMATCH$|^INVALID_CA$|^INVALID_PURPOSE$/;

const explanations: Readonly<Record<MailboxReason, string>> = {
  "authentication-failed": "refused the login; check login and password (or the master user)",
  unusable: "is not configured",
  "unsafe-login": "cannot be given this login name",
  "no-such-folder": "has no such folder; check the folder's name",
  "not-permitted": "does not permit this; check the rights (ACL) of the folder",
  throttled: "is busy or limits logins; it is asked again later",
  refused: "said no without a reason that a program can read; its log says more",
  unreachable: "cannot be reached; check host, port and whether it runs",
  tls: "could not be trusted over TLS; check `tls`, the certificate's names and `ca` of this mail server",
  timeout: "did not answer in time; it is asked again later",
  "connection-lost": "closed the connection; it is asked again later",
  protocol: "answered in a way that IMAP does not know, or beyond Usher's limits; its log says more",
};

/** What an error of imapflow means, decided from codes alone. `where` names the server; no text of the server is kept. */
export function mailboxError(error: unknown, where: string): MailboxError {
  if (error instanceof MailboxError) return error;
  const { reason, code } = reasonOf(error);
  const suffix = code === null ? "" : ` (${code})`;
  return new MailboxError(reason, `The mail server ${where} ${explanations[reason]}${suffix}.`, {
    cause: error,
  });
}

/** What a tagged NO means that is known by its code alone. */
export function refusalError(code: string | null, where: string): MailboxError {
  const reason = (code === null ? undefined : responseCodes[code]) ?? "refused";
  const suffix = code === null ? "" : ` (${code})`;
  return new MailboxError(reason, `The mail server ${where} ${explanations[reason]}${suffix}.`);
}

/** Whether the server answered a command with NO or BAD: the connection itself is sound. */
export function isTaggedRefusal(error: unknown): boolean {
  const status = field(error, "responseStatus");
  return status === "NO" || status === "BAD";
}

function reasonOf(error: unknown): { readonly reason: MailboxReason; readonly code: string | null } {
  const response = responseCode(error);
  const byResponse = response === null ? undefined : responseCodes[response];
  if (byResponse !== undefined) return { reason: byResponse, code: response };
  const code = field(error, "code");
  if (code !== null) {
    if (tlsCode.test(code)) return { reason: "tls", code };
    return { reason: errorCodes[code] ?? "protocol", code };
  }
  if (isFlagged(error, "mailboxMissing")) return { reason: "no-such-folder", code: null };
  if (isFlagged(error, "tlsFailed")) return { reason: "tls", code: null };
  return { reason: isTaggedRefusal(error) ? "refused" : "protocol", code: null };
}

/** The code in brackets of a tagged NO or BAD: imapflow gives it by name after a login, else in its parsed answer. */
function responseCode(error: unknown): string | null {
  const named = field(error, "serverResponseCode");
  if (named !== null) return named.toUpperCase();
  if (!isTaggedRefusal(error)) return null;
  const first = list(property(property(error, "response"), "attributes"))[0];
  const code = property(list(property(first, "section"))[0], "value");
  return typeof code === "string" ? code.toUpperCase() : null;
}

function field(value: unknown, name: string): string | null {
  const found = property(value, name);
  return typeof found === "string" ? found : null;
}

function isFlagged(value: unknown, name: string): boolean {
  return property(value, name) === true;
}
