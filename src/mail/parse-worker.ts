/** The thread that parses mails: what a mail can break here is this thread. Says `ready` once, then answers each request. */

import { parentPort } from "node:worker_threads";
import { parseMail, type ParseScope } from "./parse.ts";

/** One mail to parse. */
export interface ParseRequest extends ParseScope {
  readonly prefix: Uint8Array;
}

parentPort?.on("message", (request: ParseRequest) => {
  void answer(request);
});
parentPort?.postMessage("ready", []);

async function answer({ prefix, headersOnly }: ParseRequest): Promise<void> {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  parentPort?.postMessage(await parseMail(bytes, { headersOnly }), []);
}
