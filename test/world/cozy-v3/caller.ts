import { request } from "node:https";

/** Where on loopback a host is served, and the authority that signed its certificate. */
export interface Reachable {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly bearer?: string;
  readonly accept?: string;
  readonly cookie?: string;
  /** Of the body. */
  readonly type?: string;
  readonly body?: string | Buffer;
}

export type Answered =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly location: string;
      readonly text: string;
    }
  | { readonly kind: "unreachable"; readonly reason: string };

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
  /** Null for a host that does not exist. */
  readonly resolve: (host: string) => Reachable | null;
  /** After so long another Cozy counts as not answering. */
  readonly settings: { readonly patienceMs: number };
  readonly signal: AbortSignal;
}

const largestAnswerBytes = 1024 * 1024;

/** Calls other Cozys over TLS, on loopback alone, without following redirects. */
export function newCaller(options: CallerOptions) {
  const called: Called[] = [];
  return {
    called: (): readonly Called[] => [...called],
    call: async (what: Call): Promise<Answered> => {
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

async function exchange(options: CallerOptions, url: URL, what: Call): Promise<Answered> {
  const reachable = url.protocol === "https:" ? options.resolve(url.hostname) : null;
  if (reachable === null) return { kind: "unreachable", reason: `There is no server ${url.host}.` };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        method: what.method,
        host: "127.0.0.1",
        port: reachable.port,
        ca: reachable.ca,
        path: url.pathname + url.search,
        servername: url.hostname,
        agent: false,
        headers: fieldsOf(url, what),
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.settings.patienceMs)]),
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
        answer.on("end", () =>
          resolve({
            kind: "answered",
            status: answer.statusCode ?? 0,
            location: answer.headers.location ?? "",
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(what.body);
  });
}

function fieldsOf(url: URL, { bearer, accept, cookie, type, body }: Call): Record<string, string | number> {
  return {
    Host: url.host,
    "User-Agent": "cozy-stack 3 (emulated)",
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
    ...(accept === undefined ? {} : { Accept: accept }),
    ...(cookie === undefined ? {} : { Cookie: cookie }),
    ...(type === undefined ? {} : { "Content-Type": type }),
    ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }),
  };
}
