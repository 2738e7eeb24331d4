import type { ImapFlow } from "imapflow";
import { MailboxError } from "./session.ts";
import { property } from "./untyped.ts";

/** What one operation on a connection may cost; imapflow itself sets no bound (reference/security.md 8.2). */
export interface Bounds {
  readonly what: string;
  /** Longest time without progress. */
  readonly quietMs: number;
  /** Longest time in all. */
  readonly totalMs: number;
  /** Bytes the server may send meanwhile. */
  readonly bytes: number;
  /** How often the bounds are looked at. */
  readonly lookMs: number;
}

export interface Oversight extends Disposable {
  /** Rejects as soon as a bound is passed (MailboxError) or `cut` is called; never resolves. */
  readonly ended: Promise<never>;
  cut(error: Error): void;
  /** The operation came a step further. */
  progress(): void;
}

/** Watches one operation. Whoever is told that a bound is passed must close the connection. */
export function oversee(client: ImapFlow, bounds: Bounds): Oversight {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const startedAt = performance.now();
  const startedBytes = client.stats().received;
  let progressAt = startedAt;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - startedAt > bounds.totalMs || now - progressAt > bounds.quietMs) {
      reject(new MailboxError("timeout", `${bounds.what} took too long; the connection is dropped.`));
    } else if (client.stats().received - startedBytes > bounds.bytes) {
      const message = `${bounds.what} brought too many bytes; the connection is dropped.`;
      reject(new MailboxError("protocol", message));
    } else if (typeof property(client, "byeReason") === "string") {
      // imapflow waits for the server to close the socket, which it may never do.
      reject(new MailboxError("connection-lost", `${bounds.what} was ended by the mail server with BYE.`));
    }
  }, bounds.lookMs);
  return {
    ended: promise,
    cut: reject,
    progress: () => (progressAt = performance.now()),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
