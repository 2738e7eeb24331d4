import { constants } from "node:os";

/** Starts a part of the set-up that is ended when the curtain falls, also when it falls while the part is starting. */
export type Own = <Part extends AsyncDisposable>(start: () => Part | Promise<Part>) => Promise<Part>;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program of this project that sets up servers. Whatever ends it, its end, an error or Ctrl-C, everything it owns is
 * ended in reverse order first; then the process exits: 0 well, 1 after an error (told in one line), 128 + n after a signal.
 */
export async function runUnderCurtain(program: (own: Own) => Promise<void>): Promise<never> {
  const parts = new AsyncDisposableStack();
  const own: Own = async (start) => {
    if (parts.disposed) throw new Error("The program is ending; nothing more is started.");
    const starting = Promise.resolve(start());
    parts.defer(async () => {
      const part = await starting.catch(() => null);
      await part?.[Symbol.asyncDispose]();
    });
    return starting;
  };
  const { promise: interrupted, resolve } = Promise.withResolvers<number>();
  // A terminal, npm and set-up may each send the same signal: only the first counts.
  for (const signal of signals) process.on(signal, () => resolve(128 + constants.signals[signal]));
  const code = await Promise.race([interrupted, played(program, own)]);
  if (code > 128) console.error("\nInterrupted; everything that was started is ended ...");
  await parts.disposeAsync();
  process.exit(code);
}

async function played(program: (own: Own) => Promise<void>, own: Own): Promise<number> {
  try {
    await program(own);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
