import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import { headView } from "./mail-view.ts";
import type { ParseScope } from "./parse.ts";
import type { ParseRequest } from "./parse-worker.ts";

/** Parses mails one after the other in a thread of its own, bounded in heap and time. */
export interface MailParser extends AsyncDisposable {
  /**
   * The view of a mail or of its beginning. A mail that breaks or overruns the thread gives what its header fields alone
   * tell, with a problem, and the next mail gets a fresh thread.
   * @throws MailParserError for a fault of this machine, never for a mail.
   */
  parse(prefix: Buffer, scope?: ParseScope): Promise<MailView>;
}

/** The thread could not start, or the parser was closed: nothing is known about the mail. */
export class MailParserError extends Error {
  override readonly name = "MailParserError";
  readonly temporary = true;
}

/** What one mail may cost. */
export interface ParserBounds {
  readonly timeMs: number;
  readonly heapMb: number;
}

/** A parser whose thread starts with the first mail and ends when idle. Keeps the process alive only while it parses. */
export function createMailParser(
  bounds: ParserBounds = { timeMs: limits.parseTimeMs, heapMb: limits.parseHeapMb },
): MailParser {
  const closing = new AbortController();
  let thread: ParserThread | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function endThread(): Promise<void> {
    const ended = thread;
    thread = null;
    await ended?.end();
  }

  async function ask(request: ParseRequest): Promise<MailView | Stopped> {
    closing.signal.throwIfAborted();
    const isFresh = thread === null;
    thread ??= await startThread(bounds, closing.signal);
    const answer = await thread.ask(request);
    closing.signal.throwIfAborted();
    if (!("stopped" in answer)) return answer;
    await endThread();
    // The thread may have suffered from a mail before: only a fresh one proves that it was this mail.
    return isFresh ? answer : ask(request);
  }

  async function parse(prefix: Buffer, scope: ParseScope): Promise<MailView> {
    clearTimeout(idle);
    try {
      return await parseWith(ask, prefix, scope);
    } finally {
      idle = setTimeout(() => void endThread(), limits.parserIdleMs).unref();
    }
  }

  return {
    parse: async (prefix, scope = { headersOnly: false }) => {
      const bounded = prefix.subarray(0, limits.mailPrefixBytes);
      const parsed = last.then(async () => parse(bounded, scope));
      last = parsed.catch(() => undefined);
      return parsed;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(new MailParserError("The mail parser is closed; the mail is read after the next start."));
      clearTimeout(idle);
      await last;
      clearTimeout(idle);
      await endThread();
    },
  };
}

/** Whole mail, then its header block in a fresh thread, then the header fields as they stand. */
async function parseWith(
  ask: (request: ParseRequest) => Promise<MailView | Stopped>,
  prefix: Buffer,
  scope: ParseScope,
): Promise<MailView> {
  const problems: string[] = [];
  for (const headersOnly of scope.headersOnly ? [true] : [false, true]) {
    const answer = await ask({ prefix, headersOnly });
    if (!("stopped" in answer)) return { ...answer, problems: [...problems, ...answer.problems] };
    problems.push(`${headersOnly ? "addresses and subject" : "body"}: ${answer.stopped}`);
  }
  return headView(prefix, problems);
}

/** The thread was ended over a mail. */
interface Stopped {
  readonly stopped: string;
}

interface ParserThread {
  ask(request: ParseRequest): Promise<MailView | Stopped>;
  end(): Promise<void>;
}

async function startThread(bounds: ParserBounds, closing: AbortSignal): Promise<ParserThread> {
  const worker = new Worker(new URL("./parse-worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: bounds.heapMb },
    env: {},
    execArgv: [],
  });
  // An error between two mails has no listener of its own, and must not end the process.
  worker.on("error", () => undefined);
  try {
    await once(worker, "message", {
      signal: AbortSignal.any([closing, AbortSignal.timeout(limits.parserStartMs)]),
    });
  } catch (error) {
    await worker.terminate();
    closing.throwIfAborted();
    const message = "The parsing thread does not start; look at memory and limits of this machine.";
    throw new MailParserError(message, { cause: error });
  }
  worker.unref();
  return {
    ask: async (request) => askWorker(worker, request, { timeMs: bounds.timeMs, closing }),
    end: async () => void (await worker.terminate()),
  };
}

async function askWorker(
  worker: Worker,
  request: ParseRequest,
  until: { readonly timeMs: number; readonly closing: AbortSignal },
): Promise<MailView | Stopped> {
  const overrun = AbortSignal.timeout(until.timeMs);
  worker.ref();
  try {
    const answered = once(worker, "message", { signal: AbortSignal.any([until.closing, overrun]) });
    worker.postMessage(request, []);
    const messages: readonly unknown[] = await answered;
    const view = messages[0];
    return isView(view) ? view : { stopped: "parser gave no answer" };
  } catch (error) {
    if (overrun.aborted) return { stopped: `parser stopped after ${until.timeMs / 1000} s` };
    return { stopped: `parser ended by the mail (${codeOf(error)})` };
  } finally {
    worker.unref();
  }
}

/** The thread runs this project's own code: its answers need no more than a look. */
function isView(value: unknown): value is MailView {
  return typeof value === "object" && value !== null && "headers" in value && "problems" in value;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "no code";
}
