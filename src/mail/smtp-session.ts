import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { Smtp } from "../config/config.ts";
import { isInternational } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import { failureReceipt, noSmtpUtf8, shownReply } from "./smtp-receipt.ts";
import type { BeforeContent, OutgoingMail, Receipt } from "./transport.ts";

/** One connection to the SMTP server, logged in, for one mail at a time. */
export interface SmtpSession {
  readonly smtp: Smtp;
  send(mail: OutgoingMail, beforeContent: BeforeContent, signal: AbortSignal): Promise<Receipt>;
  isUsable(): boolean;
  close(): void;
}

/** Connects and logs in; where that fails a receipt, never a permanent one: no mail was spoken of. */
export async function openSession(smtp: Smtp, signal: AbortSignal): Promise<SmtpSession | Receipt> {
  const connection = new SMTPConnection(connectionOptions(smtp));
  // A later break is told to the mail under way, or shows in isUsable().
  connection.on("error", () => undefined);
  try {
    await converse<void>(connection, signal, ({ allow, done }) => {
      allow(limits.smtpConnectMs + limits.smtpGreetingMs + limits.smtpCommandMs);
      connection.connect((error) => done(error, undefined));
    });
    const hasSmtpUtf8 = /^250[ -]SMTPUTF8\b/im.test(connection.lastServerResponse || "");
    await logIn(connection, smtp, signal);
    return createSession(connection, smtp, hasSmtpUtf8);
  } catch (failure) {
    connection.close();
    return failureReceipt(failure, false);
  }
}

function connectionOptions(smtp: Smtp): SMTPConnection.Options {
  return {
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls === "implicit",
    requireTLS: smtp.tls === "starttls",
    ignoreTLS: smtp.tls === "none",
    tls: smtp.ca === null ? {} : { ca: [...rootCertificates, smtp.ca] },
    // Covers the greeting and STARTTLS too.
    connectionTimeout: limits.smtpConnectMs + limits.smtpGreetingMs,
    greetingTimeout: limits.smtpGreetingMs,
    dnsTimeout: limits.smtpConnectMs,
    socketTimeout: limits.smtpDataDoneMs,
    maxResponseSize: limits.smtpReplyBytes,
  };
}

async function logIn(connection: SMTPConnection, smtp: Smtp, signal: AbortSignal): Promise<void> {
  const { login, password } = smtp;
  if (login === null) return;
  await converse<void>(connection, signal, ({ allow, done }) => {
    allow(limits.smtpCommandMs);
    connection.login({ user: login, pass: password?.reveal() ?? "" }, (error) => done(error, undefined));
  });
}

function createSession(connection: SMTPConnection, smtp: Smtp, hasSmtpUtf8: boolean): SmtpSession {
  return {
    smtp,
    isUsable: () => !connection.destroyed,
    close: () => connection.close(),
    async send(mail, beforeContent, signal) {
      if (!hasSmtpUtf8 && [mail.from, mail.to].some(isInternational)) return noSmtpUtf8;
      let hasContentBegun = false;
      try {
        const reply = await converse<string>(connection, signal, ({ allow, done }) => {
          allow(limits.smtpCommandMs);
          const content = lazily(mail.raw, async () => {
            await beforeContent();
            hasContentBegun = true;
            allow(limits.smtpDataDoneMs);
          });
          connection.send(envelopeOf(mail, smtp), content, (error, sent) =>
            error === null ? done(null, sent.response) : done(error, ""),
          );
        });
        return { kind: "accepted", reply: shownReply(reply) };
      } catch (failure) {
        connection.close();
        return failureReceipt(failure, hasContentBegun);
      }
    },
  };
}

/** The envelope of one mail. nodemailer writes what is about reports only where the server offers DSN (RFC 3461). */
function envelopeOf(mail: OutgoingMail, { deliveryReports }: Smtp): SMTPConnection.Envelope {
  const envelope = { from: mail.from, to: [mail.to], size: mail.raw.length };
  if (mail.envelopeId === undefined) return envelope;
  const dsn: SMTPConnection.DSNOptions = {
    ret: "HDRS",
    envid: mail.envelopeId,
    notify: [...(deliveryReports === "all" ? ["SUCCESS"] : []), "FAILURE", "DELAY"],
    // What an address beyond ASCII looks like here depends on the servers to come (RFC 6533 section 3).
    ...(isInternational(mail.to) ? {} : { orcpt: `rfc822;${mail.to}` }),
  };
  return { ...envelope, dsn };
}

/** The bytes, once somebody reads them: nodemailer begins to read after the server's 354. */
function lazily(bytes: Buffer, before: () => Promise<void>): Readable {
  async function* read(): AsyncGenerator<Buffer> {
    await before();
    yield bytes;
  }
  return Readable.from(read(), { objectMode: false });
}

interface Conversation<T> {
  /** Gives the server so long from now; then the connection is closed and the conversation fails. */
  readonly allow: (ms: number) => void;
  /** nodemailer's callback form: an error, or what was said. */
  readonly done: (error: Error | null | undefined, said: T) => void;
}

/** One exchange with the server. Rejects when it fails, takes too long, or the signal aborts. */
async function converse<T>(
  connection: SMTPConnection,
  signal: AbortSignal,
  start: (conversation: Conversation<T>) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let timer: NodeJS.Timeout | undefined;
  const breakOff = (because: string): void => {
    connection.close();
    reject(new Error(because));
  };
  const stop = (): void => breakOff("Usher stopped before the mail server answered.");
  signal.addEventListener("abort", stop, { once: true });
  connection.once("error", reject);
  try {
    start({
      allow(ms) {
        clearTimeout(timer);
        timer = setTimeout(breakOff, ms, `The mail server did not answer within ${ms / 1000} s.`);
      },
      done: (error, said) => (error instanceof Error ? reject(error) : resolve(said)),
    });
    if (signal.aborted) stop();
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    connection.off("error", reject);
  }
}
