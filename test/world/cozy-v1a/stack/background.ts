/** Work that goes on after an answer was sent. What fails in it stops nothing else. */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  /** One after another, as the worker of the stack runs. */
  #last: Promise<void> = Promise.resolve();
  #isStopped = false;

  plan(work: () => Promise<void>): void {
    const running = this.#last
      .then(async () => (this.#isStopped ? undefined : work()))
      .catch((cause: unknown) => {
        this.#failures.push(String(cause));
      });
    this.#last = running;
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** When nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Starts nothing more, and waits for what runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.settled();
  }

  failures(): readonly string[] {
    return [...this.#failures];
  }
}
