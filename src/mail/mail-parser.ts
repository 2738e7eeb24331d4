import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import { type BoundedThread, createBoundedThread, type ThreadBounds } from "./bounded-thread.ts";
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

/** A parser whose thread starts with the first mail and ends when idle. Keeps the process alive only while it parses. */
export function createMailParser(
  bounds: ThreadBounds = { timeMs: limits.parseTimeMs, heapMb: limits.parseHeapMb },
): MailParser {
  const thread = createBoundedThread<ParseRequest, MailView>({
    module: new URL("./parse-worker.ts", import.meta.url),
    bounds,
    name: "parser",
    isAnswer: isView,
    fault: (message, options) => new MailParserError(message, options),
  });
  return {
    parse: async (prefix, scope = { headersOnly: false }) =>
      parseWith(thread, prefix.subarray(0, limits.mailPrefixBytes), scope),
    [Symbol.asyncDispose]: async () => thread[Symbol.asyncDispose](),
  };
}

/** Whole mail, then its header block in a fresh thread, then the header fields as they stand. */
async function parseWith(
  thread: BoundedThread<ParseRequest, MailView>,
  prefix: Buffer,
  scope: ParseScope,
): Promise<MailView> {
  const problems: string[] = [];
  for (const headersOnly of scope.headersOnly ? [true] : [false, true]) {
    const answer = await thread.ask({ prefix, headersOnly });
    if (!("stopped" in answer)) return { ...answer, problems: [...problems, ...answer.problems] };
    problems.push(`${headersOnly ? "addresses and subject" : "body"}: ${answer.stopped}`);
  }
  return headView(prefix, problems);
}

function isView(value: unknown): value is MailView {
  return typeof value === "object" && value !== null && "headers" in value && "problems" in value;
}
