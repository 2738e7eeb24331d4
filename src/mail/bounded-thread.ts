import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { limits } from "../domain/limits.ts";

/** What one mail may cost. */
export interface ThreadBounds {
  readonly timeMs: number;
  readonly heapMb: number;
}

/** Work on untrusted mail, one request after the other in a thread of its own, bounded in heap and time. */
export interface BoundedThread<Request, Answer> extends AsyncDisposable {
  /**
   * The thread's answer, or that this very request ended a fresh thread; the next request gets another one.
   * @throws the fault of the design, never for a request.
   */
  ask(request: Request): Promise<Answer | Stopped>;
}

/** The thread was ended over a request. */
export interface Stopped {
  /** Why, in words for a record. */
  readonly stopped: string;
}

export interface ThreadDesign<Answer> {
  /** Says `ready` once, then answers each message by one. */
  readonly module: URL;
  readonly bounds: ThreadBounds;
  /** How records call it, for example `parser`. */
  readonly name: string;
  /** The thread runs this project's own code: its answers need no more than a look. */
  readonly isAnswer: (value: unknown) => value is Answer;
  /** The error for a fault of this machine. */
  readonly fault: (message: string, options?: ErrorOptions) => Error;
}

/** Starts with the first request and ends when idle. Keeps the process alive only while it works. */
export function createBoundedThread<Request, Answer extends object>(
  design: ThreadDesign<Answer>,
): BoundedThread<Request, Answer> {
  const closing = new AbortController();
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function end(): Promise<void> {
    const ended = worker;
    worker = null;
    await ended?.terminate();
  }

  async function ask(request: Request): Promise<Answer | Stopped> {
    closing.signal.throwIfAborted();
    const isFresh = worker === null;
    worker ??= await startWorker(design, closing.signal);
    const answer = await askWorker(worker, request, design, closing.signal);
    closing.signal.throwIfAborted();
    if (!("stopped" in answer)) return answer;
    await end();
    // The thread may have suffered from a request before: only a fresh one proves that it was this one.
    return isFresh ? answer : ask(request);
  }

  async function askInTurn(request: Request): Promise<Answer | Stopped> {
    clearTimeout(idle);
    try {
      return await ask(request);
    } finally {
      idle = setTimeout(() => void end(), limits.parserIdleMs).unref();
    }
  }

  return {
    ask: async (request) => {
      const answered = last.then(async () => askInTurn(request));
      last = answered.catch(() => undefined);
      return answered;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(design.fault(`The ${design.name} is closed; the mail is read after the next start.`));
      clearTimeout(idle);
      await last;
      clearTimeout(idle);
      await end();
    },
  };
}

async function startWorker(
  { module, bounds, name, fault }: Omit<ThreadDesign<unknown>, "isAnswer">,
  closing: AbortSignal,
): Promise<Worker> {
  const worker = new Worker(module, {
    resourceLimits: { maxOldGenerationSizeMb: bounds.heapMb },
    env: {},
    execArgv: [],
  });
  // An error between two requests has no listener of its own, and must not end the process.
  worker.on("error", () => undefined);
  try {
    await once(worker, "message", {
      signal: AbortSignal.any([closing, AbortSignal.timeout(limits.parserStartMs)]),
    });
  } catch (error) {
    await worker.terminate();
    closing.throwIfAborted();
    const message = `The thread of the ${name} does not start; look at memory and limits of this machine.`;
    throw fault(message, { cause: error });
  }
  worker.unref();
  return worker;
}

async function askWorker<Answer>(
  worker: Worker,
  request: unknown,
  { bounds, name, isAnswer }: Pick<ThreadDesign<Answer>, "bounds" | "name" | "isAnswer">,
  closing: AbortSignal,
): Promise<Answer | Stopped> {
  const overrun = AbortSignal.timeout(bounds.timeMs);
  worker.ref();
  try {
    const answered = once(worker, "message", { signal: AbortSignal.any([closing, overrun]) });
    worker.postMessage(request, []);
    const messages: readonly unknown[] = await answered;
    const answer = messages[0];
    return isAnswer(answer) ? answer : { stopped: `${name} gave no answer` };
  } catch (error) {
    if (overrun.aborted) return { stopped: `${name} stopped after ${bounds.timeMs / 1000} s` };
    return { stopped: `${name} ended by the mail (${codeOf(error)})` };
  } finally {
    worker.unref();
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "no code";
}
