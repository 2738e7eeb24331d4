/** Gives back a place. */
export type Leave = () => void;

/** A limited number of places, given in the order of asking. */
export interface WaitingLine {
  /** Waits for a place; rejects with the signal's reason when it is aborted first. */
  enter(signal: AbortSignal): Promise<Leave>;
  /** Whether nobody is in a place or waits for one. */
  readonly isEmpty: boolean;
}

export function createWaitingLine(places: number): WaitingLine {
  let taken = 0;
  const waiting = new Set<() => void>();
  function leave(): void {
    taken -= 1;
    const [next] = waiting;
    next?.();
  }
  return {
    get isEmpty() {
      return taken === 0 && waiting.size === 0;
    },
    enter: async (signal) => {
      signal.throwIfAborted();
      if (taken < places) {
        taken += 1;
        return leave;
      }
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting.delete(next);
          reject(signal.reason);
        };
        const next = (): void => {
          waiting.delete(next);
          signal.removeEventListener("abort", abort);
          taken += 1;
          resolve(leave);
        };
        waiting.add(next);
        signal.addEventListener("abort", abort, { once: true });
      });
    },
  };
}

/** Places for each key, out of a total: a busy key keeps nobody else from the rest. */
export interface KeyedWaitingLine {
  enter(key: string, signal: AbortSignal): Promise<Leave>;
}

export function createKeyedWaitingLine(placesPerKey: number, places: number): KeyedWaitingLine {
  const total = createWaitingLine(places);
  const lines = new Map<string, WaitingLine>();
  return {
    enter: async (key, signal) => {
      const line = lines.get(key) ?? createWaitingLine(placesPerKey);
      lines.set(key, line);
      const forget = (): void => {
        if (line.isEmpty && lines.get(key) === line) lines.delete(key);
      };
      try {
        const leaveLine = await line.enter(signal);
        try {
          const leaveTotal = await total.enter(signal);
          return () => {
            leaveTotal();
            leaveLine();
            forget();
          };
        } catch (error) {
          leaveLine();
          throw error;
        }
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}
