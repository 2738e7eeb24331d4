import { OutboundError } from "./outbound.ts";

/** The time one request has. All timers are monotonic and end with it. */
export interface Deadline extends Disposable {
  /** Aborted with an OutboundError when time is over or the caller has given up. */
  readonly signal: AbortSignal;
  /** Runs one stage of the request; after `ms` the request fails with `reason`. */
  within<T>(ms: number, reason: string, stage: () => Promise<T>): Promise<T>;
}

/** Starts the total deadline of a request, which any of the `callers` may end early. */
export function startDeadline(totalMs: number, callers: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const over = (reason: string): void => controller.abort(new OutboundError(reason, true));
  const total = setTimeout(over, totalMs, "timeout");
  const listeners = callers.map((caller) => {
    const listener = (): void => over(isTimeout(caller) ? "timeout" : "aborted");
    if (caller.aborted) listener();
    caller.addEventListener("abort", listener, { once: true });
    return (): void => caller.removeEventListener("abort", listener);
  });
  return {
    signal,
    within: async (ms, reason, stage) => {
      const timer = setTimeout(over, ms, reason);
      try {
        signal.throwIfAborted();
        return await orAbort(stage(), signal);
      } catch (error) {
        // What breaks because the request was given up is not the reason of its end.
        signal.throwIfAborted();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.dispose]: () => {
      clearTimeout(total);
      for (const remove of listeners) remove();
    },
  };
}

async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const listener = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", listener);
  }
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
}
