import { MailboxError, type MailboxSession } from "./session.ts";

interface Borrower {
  readonly use: (session: MailboxSession) => Promise<void>;
  readonly refuse: (error: MailboxError) => void;
}

/** Lends one connection to others, one at a time, between the steps of its watcher. */
export class Lending {
  readonly #borrowers: Borrower[] = [];
  #isOpen = false;
  #why = "it has not been connected yet";
  #arrival = new AbortController();

  /** Aborts when somebody wants the connection. */
  get arrival(): AbortSignal {
    return this.#arrival.signal;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Everybody who waits or comes is refused until the next connection. */
  close(why: string): void {
    this.#isOpen = false;
    this.#why = why;
    for (const borrower of this.#borrowers.splice(0)) borrower.refuse(this.#refusal());
  }

  /** Lends the connection to all who wait now, and returns how many these were. */
  async serve(session: MailboxSession): Promise<number> {
    this.#arrival = new AbortController();
    const borrowers = this.#borrowers.splice(0);
    for (const borrower of borrowers) await borrower.use(session);
    return borrowers.length;
  }

  /** Waits for the connection and uses it. Throws MailboxError (temporary) where there is none. */
  async borrow<T>(use: (session: MailboxSession) => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw this.#refusal();
    return new Promise<T>((resolve, reject) => {
      this.#borrowers.push({
        use: async (session) => use(session).then(resolve, reject),
        refuse: reject,
      });
      this.#arrival.abort();
    });
  }

  #refusal(): MailboxError {
    return new MailboxError("connection-lost", `The mailbox is not connected now: ${this.#why}`);
  }
}
