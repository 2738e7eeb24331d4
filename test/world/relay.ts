import { once } from "node:events";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { SMTPServer, type SMTPServerSession } from "smtp-server";
import type { Dovecot } from "./dovecot.ts";
import { freePorts } from "./ports.ts";
import { type PostfixOptions, startPostfix } from "./postfix.ts";

/** An SMTP server on loopback that hands mail for some domains to a Dovecot. */
export interface Relay extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Ends the server and keeps its port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** What a mail server does with mail that it took and cannot deliver, and whom it knows not to exist at once. */
export type QueueTroubles = Pick<PostfixOptions, "forwards" | "unanswered" | "unknown">;

/**
 * A real Postfix where this user may start one; else a small server, because Postfix starts as root only. The small one
 * has no queue, and so none of its troubles.
 */
export async function startRelay(
  dovecot: Dovecot,
  domains: readonly string[],
  troubles: QueueTroubles = {},
): Promise<Relay> {
  if (process.getuid?.() === 0) {
    return startPostfix({ lmtpPort: dovecot.ports.lmtp, domains, ...troubles });
  }
  const [port = 0] = await freePorts(1);
  const relay = new SmallRelay(dovecot, { domains, unknown: troubles.unknown ?? [] }, port);
  await relay.start();
  return relay;
}

interface Served {
  readonly domains: readonly string[];
  /** Addresses in them that do not exist. */
  readonly unknown: readonly string[];
}

class SmallRelay implements Relay {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #dovecot: Dovecot;
  readonly #served: Served;
  #server: SMTPServer | null = null;

  constructor(dovecot: Dovecot, served: Served, port: number) {
    this.#dovecot = dovecot;
    this.#served = served;
    this.port = port;
  }

  async start(): Promise<void> {
    this.#server ??= new SMTPServer({
      authOptional: true,
      disabledCommands: ["AUTH", "STARTTLS"],
      onRcptTo: ({ address }, _session, reply) => {
        const { domains, unknown } = this.#served;
        const isServed = domains.includes(address.slice(address.lastIndexOf("@") + 1));
        reply(isServed && !unknown.includes(address) ? null : new Error("Relay access denied"));
      },
      onData: (content, session, reply) => {
        this.#deliver(content, session).then(
          () => reply(null),
          (error: unknown) => reply(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    await once(this.#server.listen({ port: this.port, host: this.host }), "listening");
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #deliver(content: Readable, { envelope }: SMTPServerSession): Promise<void> {
    const raw = await buffer(content);
    const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
    for (const { address } of envelope.rcptTo) await this.#dovecot.deliver(address, raw, { from });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
