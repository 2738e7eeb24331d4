import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request } from "node:https";

/** Where a server listens on 127.0.0.1. */
interface Reached {
  readonly port: number;
  /** PEM of the authority of its certificate; null speaks plain HTTP, as to a server behind a proxy that ended TLS. */
  readonly ca: string | null;
}

/** Where a host, named without port, is to be found; one that does not exist is null or thrown at. */
export type Resolve = (host: string) => Reached | null;

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Time after which another server counts as not answering. */
const patienceMs = 60_000;
/** The other server may be told to send without end. */
const largestAnswerBytes = 1024 * 1024;

/** One request to another server on loopback; redirects are not followed. Rejects where no whole answer comes. */
export async function call(
  resolve: Resolve,
  method: string,
  address: string,
  { headers = {}, body }: Call = {},
): Promise<Answer> {
  const url = new URL(address);
  const reached = url.protocol === "https:" ? resolve(url.hostname) : null;
  if (reached === null) throw new Error(`There is no server at ${url.protocol}//${url.host}.`);
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  return new Promise((done, failed) => {
    const options = {
      method,
      host: "127.0.0.1",
      port: reached.port,
      path: url.pathname + url.search,
      agent: false as const,
      headers: { Host: url.host, ...length, ...headers },
      signal: AbortSignal.timeout(patienceMs),
    };
    const { ca } = reached;
    const asked = ca === null ? plainRequest(options) : request({ ...options, servername: url.hostname, ca });
    asked.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > largestAnswerBytes) asked.destroy(new Error("The answer is too long."));
      });
      answer.on("error", failed);
      answer.on("end", () =>
        done({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    asked.on("error", failed);
    asked.end(body);
  });
}
