import { request } from "node:https";

/** Where on loopback a host is served (unless its address names the port), and the authority that signed its certificate. */
export interface Reachable {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

/** Of a host name without port; null for a host that does not exist. */
export type Resolve = (hostname: string) => Reachable | null;

export interface Call {
  readonly method: string;
  readonly url: string;
  /** Host and Content-Length are set, unless they are given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly kind: "answered";
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly text: string;
}

export type Answered = Answer | { readonly kind: "unreachable"; readonly reason: string };

/** One call that was made; nothing in it is a secret. */
export interface Called {
  readonly method: string;
  readonly host: string;
  /** Without query. */
  readonly path: string;
  /** Null where no whole answer came. */
  readonly status: number | null;
}

export interface CallerOptions {
  readonly resolve: Resolve;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

export interface Caller {
  readonly call: (what: Call) => Promise<Answered>;
  readonly called: () => readonly Called[];
}

/** After so long the other server counts as not answering. */
const patienceMs = 10_000;
const largestAnswerBytes = 4 * 1024 * 1024;

/** Calls other servers over TLS, on loopback alone, without following redirects. */
export function newCaller(options: CallerOptions): Caller {
  const called: Called[] = [];
  return {
    called: () => [...called],
    call: async (what) => {
      const url = new URL(what.url);
      const answer = await exchange(options, url, what).catch((cause: unknown): Answered => ({
        kind: "unreachable",
        reason: String(cause),
      }));
      const status = answer.kind === "answered" ? answer.status : null;
      called.push({ method: what.method, host: url.host, path: url.pathname, status });
      return answer;
    },
  };
}

/** The status, null where no answer came. */
export function statusOf(answer: Answered): number | null {
  return answer.kind === "answered" ? answer.status : null;
}

async function exchange(options: CallerOptions, url: URL, what: Call): Promise<Answered> {
  const reachable = url.protocol === "https:" ? options.resolve(url.hostname) : null;
  if (reachable === null) return { kind: "unreachable", reason: `There is no server ${url.host}.` };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        method: what.method,
        host: "127.0.0.1",
        port: url.port === "" ? reachable.port : Number(url.port),
        ca: reachable.ca,
        path: url.pathname + url.search,
        servername: url.hostname,
        agent: false,
        headers: {
          Host: url.host,
          "User-Agent": options.userAgent,
          ...(what.body === undefined ? {} : { "Content-Length": `${Buffer.byteLength(what.body)}` }),
          ...what.headers,
        },
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)]),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > largestAnswerBytes) asked.destroy(new Error("The answer is too long."));
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const body = Buffer.concat(chunks);
          const headers = new Map(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          );
          resolve({
            kind: "answered",
            status: answer.statusCode ?? 0,
            headers,
            body,
            text: body.toString("utf8"),
          });
        });
      },
    );
    asked.on("error", reject);
    asked.end(what.body);
  });
}
