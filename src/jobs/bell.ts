/** Wakes one waiting loop. A ring while nobody waits is kept for the next wait. */
export class Bell {
  #isRung = false;
  #wake: () => void = () => {};

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake();
  };

  /** Ends at a ring, when the time is over or when the signal is aborted. */
  async wait(forMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = (): void => resolve(undefined);
      const timer = setTimeout(wake, forMs);
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
    }
    this.#isRung = false;
  }
}
