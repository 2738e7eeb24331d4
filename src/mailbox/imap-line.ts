import type { ImapFlow } from "imapflow";
import { limits } from "../domain/limits.ts";
import { isTaggedRefusal, mailboxError } from "./imap-error.ts";
import { type Bounds, oversee, type Oversight } from "./oversight.ts";
import { isRefusal, MailboxError } from "./session.ts";

const commandLookMs = 100;

/** One connection: runs operations within bounds, and tells in MailboxErrors what became of them. */
export class ImapLine {
  readonly client: ImapFlow;
  /** `host:port`, for messages. */
  readonly server: string;
  readonly #commandMs: number;
  /** What runs now, and ends with the connection. */
  readonly #running = new Set<Oversight>();
  #fault: unknown = null;

  constructor(client: ImapFlow, server: string, commandMs: number) {
    this.client = client;
    this.server = server;
    this.#commandMs = commandMs;
    // Without a listener a dropped socket would end the process.
    client.on("error", (error: unknown) => (this.#fault ??= error));
    client.on("close", () => {
      const error = this.#toError({ code: "NoConnection" });
      for (const oversight of this.#running) oversight.cut(error);
    });
  }

  /** Runs one operation. Throws MailboxError; after anything but a plain refusal the connection is dropped. */
  async run<T>(
    bounds: Pick<Bounds, "what"> & Partial<Bounds>,
    work: (oversight: Oversight) => Promise<T>,
  ): Promise<T> {
    using oversight = oversee(this.client, {
      quietMs: this.#commandMs,
      totalMs: this.#commandMs,
      bytes: limits.imapResponseBytes,
      lookMs: commandLookMs,
      ...bounds,
    });
    this.#running.add(oversight);
    try {
      return await Promise.race([work(oversight), oversight.ended]);
    } catch (error) {
      throw this.#settle(error);
    } finally {
      this.#running.delete(oversight);
    }
  }

  /** The server broke the protocol. */
  breach(what: string): MailboxError {
    return new MailboxError("protocol", `The mail server ${this.server} ${what}; the connection is dropped.`);
  }

  /** After anything but a plain refusal the state of the connection is unknown: it is dropped. */
  #settle(error: unknown): MailboxError {
    const settled = this.#toError(error);
    if (!isTaggedRefusal(error) && !isRefusal(error)) this.client.close();
    return settled;
  }

  /** A stream that broke also rejects the running command, with less to say. */
  #toError(error: unknown): MailboxError {
    const plain = mailboxError(error, this.server);
    return plain.reason === "connection-lost" && this.#fault !== null
      ? mailboxError(this.#fault, this.server)
      : plain;
  }
}
