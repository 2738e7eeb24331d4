import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { ImapFlowOptions } from "imapflow";
import type { MailServer } from "../config/config.ts";
import type { Secret } from "../config/secret.ts";
import { limits } from "../domain/limits.ts";
import { MailboxError } from "./session.ts";

/** One mailbox on a mail server, and how to log in to it. */
export interface ImapTarget {
  readonly server: MailServer;
  readonly login: string;
  /** Null: the server's master user logs in for him. */
  readonly password: Secret | null;
}

/** Credentials as imapflow takes them. */
export interface Login {
  readonly auth: NonNullable<ImapFlowOptions["auth"]>;
  /** Only SASL PLAIN carries an authorization identity (RFC 4616); without it the master's own mailbox would open. */
  readonly needsPlain: boolean;
}

/** `host:port` for messages. */
export function serverName({ server }: ImapTarget): string {
  return `${server.host}:${server.port}`;
}

/**
 * The credentials as imapflow takes them. Throws MailboxError `unsafe-login` for a name that a master login could
 * turn into another user (reference/security.md 7).
 */
export function loginOf(target: ImapTarget): Login {
  const { server, login, password } = target;
  const fault = loginFault(target);
  if (fault !== null) throw new MailboxError("unsafe-login", fault);
  if (password !== null) return { auth: { user: login, pass: password.reveal() }, needsPlain: false };
  const master = server.masterUser;
  if (master === null) {
    throw new MailboxError(
      "unusable",
      `Mail server ${serverName(target)} has no masterUser in the configuration; add one, or give the mailbox a password.`,
    );
  }
  const pass = master.password.reveal();
  if (master.method === "authzid") {
    const auth = { user: master.login, pass, authzid: login, loginMethod: "AUTH=PLAIN" };
    return { auth, needsPlain: true };
  }
  return { auth: { user: `${login}${master.separator}${master.login}`, pass }, needsPlain: false };
}

/** Why this login name must not be used, in words with the way out; null when it is fine. */
export function loginFault({ server, login, password }: ImapTarget): string | null {
  if (login === "") return "The login name is empty; give the name the mail server knows.";
  if (/\p{Cc}/u.test(login)) return "The login name has control characters; give it without them.";
  if (password !== null) return null;
  const separator = server.masterUser?.separator ?? "*";
  if (login.includes("*") || (separator !== "" && login.includes(separator))) {
    return `The login name has the separator of master logins in it (* or ${separator}); give this mailbox a password of its own.`;
  }
  return null;
}

/** Everything imapflow is told; all its limits are set (reference/security.md 12). */
export function imapOptions(target: ImapTarget, login: Login): ImapFlowOptions {
  const { server } = target;
  return {
    host: server.host,
    port: server.port,
    secure: server.tls === "implicit",
    ...(server.tls === "implicit" ? {} : { doSTARTTLS: server.tls === "starttls" }),
    ...(server.ca === null ? {} : { tls: { secureContext: trusting(server.ca) } }),
    auth: login.auth,
    logger: false,
    clientInfo: { name: "Usher", version: "", vendor: "", "support-url": "" },
    disableAutoIdle: true,
    disableAutoEnable: true,
    disableCompression: true,
    connectionTimeout: limits.imapConnectMs,
    greetingTimeout: limits.imapGreetingMs,
    // Usher watches its operations itself; an idle connection is quiet by design.
    socketTimeout: 2 * limits.imapIdleMs,
    maxLineLength: limits.imapLineBytes,
    maxLiteralSize: limits.imapLiteralBytes,
    maxResponseSize: limits.imapResponseBytes,
  };
}

const contexts = new Map<string, SecureContext>();
/** As many mail servers as a configuration may sensibly name; changed certificates push old ones out. */
const contextsKept = 16;

/** The certificate is checked against the public authorities and the configured one; reading them costs milliseconds. */
function trusting(ca: string): SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  const context = createSecureContext({ ca: [...rootCertificates, ca] });
  if (contexts.size >= contextsKept) contexts.clear();
  contexts.set(ca, context);
  return context;
}
