import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../../src/domain/limits.ts";

/** What work comes to. Throws where it goes on until a request that nobody answers is given up by itself. */
export async function endedByItsSignal<T>(work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const givenUp = wait(limits.httpHeadersMs, null, { signal: ended.signal }).then(() => {
    throw new Error("The work did not end by its signal.");
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    ended.abort();
  }
}
