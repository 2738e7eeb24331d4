import { setTimeout as wait } from "node:timers/promises";

/** Gives turns at most so often in a second, so that a mail server that comes back is not run over by its watchers. */
export function createTurns(perSecond: number): (signal: AbortSignal) => Promise<void> {
  const gapMs = 1000 / perSecond;
  let nextAt = 0;
  return async (signal) => {
    const now = performance.now();
    const turnAt = Math.max(now, nextAt);
    nextAt = turnAt + gapMs;
    if (turnAt > now) await wait(turnAt - now, undefined, { signal }).catch(() => undefined);
  };
}
