import { ImapFlow } from "imapflow";
import type { Config, DkimKey, MailServer, Smtp } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { openSession } from "../mail/smtp-session.ts";
import { mailboxError } from "../mailbox/imap-error.ts";
import { connectMailbox } from "../mailbox/imap-session.ts";
import { imapOptions } from "../mailbox/imap-target.ts";
import { MailboxError } from "../mailbox/session.ts";
import { printable } from "./io.ts";
import { checkSigningRecord } from "./signing-record.ts";

/** What became of one connection that `usher check --connect` tried. */
export interface ConnectionCheck {
  /** Path in the configuration. */
  readonly path: string;
  readonly address: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Tries every server of the configuration at the same time, and asks for the key that mail is signed with. `user`: whom the master users log in as, or null. */
export async function checkConnections(config: Config, user: string | null): Promise<ConnectionCheck[]> {
  const sorted = Object.entries(config.mailServers).toSorted(([a], [b]) => a.localeCompare(b));
  const mailServers = sorted.map(async ([name, server]) => ({
    path: `mailServers.${name}`,
    address: `${server.host}:${server.port}`,
    ...(await checkMailServer(server, user)),
  }));
  const { smtp } = config;
  if (smtp === null) return Promise.all(mailServers);
  const signing = smtp.dkim === null ? [] : [checkSigning(smtp.dkim)];
  return Promise.all([...mailServers, checkSmtp(smtp), ...signing]);
}

async function checkSigning(dkim: DkimKey): Promise<ConnectionCheck> {
  return { path: "smtp.dkim", ...(await checkSigningRecord(dkim)) };
}

type Outcome = Pick<ConnectionCheck, "ok" | "detail">;

async function checkMailServer(server: MailServer, user: string | null): Promise<Outcome> {
  try {
    if (server.masterUser === null) return await greet(server, "answers");
    if (user === null) return await greet(server, "answers; master user not tried: name a user with --as");
    const signal = AbortSignal.timeout(limits.checkConnectionMs);
    await using session = await connectMailbox({ server, login: user, password: null }, signal);
    const { tls } = session.features;
    return { ok: true, detail: `${server.masterUser.login} logs in as ${user} over ${tls ?? "clear text"}` };
  } catch (error) {
    if (error instanceof MailboxError) return { ok: false, detail: error.message };
    throw error;
  }
}

/** Connects as far as a client without credentials gets: greeting, capabilities, TLS. Throws MailboxError. */
async function greet(server: MailServer, detail: string): Promise<Outcome> {
  const target = { server, login: "", password: null };
  const { auth: _, ...options } = imapOptions(target, { auth: { user: "" }, needsPlain: false });
  const client = new ImapFlow(options);
  client.on("error", () => {});
  const deadline = setTimeout(() => client.close(), limits.checkConnectionMs);
  try {
    await client.connect();
    return { ok: true, detail };
  } catch (error) {
    // Reached its end: the one thing missing is a login.
    if (isLoginMissing(error)) return { ok: true, detail };
    throw mailboxError(error, `${server.host}:${server.port}`);
  } finally {
    clearTimeout(deadline);
    client.close();
  }
}

function isLoginMissing(error: unknown): boolean {
  return error instanceof Error && "authenticationFailed" in error && error.authenticationFailed === true;
}

async function checkSmtp(smtp: Smtp): Promise<ConnectionCheck> {
  const place = { path: "smtp", address: `${smtp.host}:${smtp.port}` };
  const session = await openSession(smtp, AbortSignal.timeout(limits.checkConnectionMs));
  if ("kind" in session)
    return { ...place, ok: false, detail: printable(withoutSecret(session.reply, smtp)) };
  session.close();
  return { ...place, ok: true, detail: smtp.login === null ? "answers" : `${smtp.login} logs in` };
}

/** A server may repeat what it was told. */
function withoutSecret(reply: string, { password }: Smtp): string {
  return password === null ? reply : reply.replaceAll(password.reveal(), String(password));
}
