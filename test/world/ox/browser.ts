import { request } from "node:https";

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Raw names and values in turn, so that a repeated field is seen. */
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

export interface Browsing {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface BrowserOptions {
  /** PEM of the authority that signed the servers' certificates. */
  readonly ca: string;
  readonly userAgent?: string;
}

/** Time after which an emulated server counts as not answering. */
const patienceMs = 5000;
/** An emulated server may be told to send without end. */
const largestPageBytes = 1024 * 1024;

/** A client with a cookie store that reaches 127.0.0.1 only, whatever host an address names. */
export class Browser {
  readonly #options: BrowserOptions;
  readonly #cookies = new Map<string, string>();

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }

  /** Redirects are not followed. Rejects where no whole answer comes within five seconds. */
  async browse(method: string, url: string, { headers = {}, body }: Browsing = {}): Promise<Page> {
    const page = await fetchPage(method, new URL(url), this.#options.ca, {
      headers: { ...this.#fields(), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const set = page.headers["set-cookie"];
    for (const cookie of Array.isArray(set) ? set : []) this.#keep(String(cookie));
    return page;
  }

  #fields(): Record<string, string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const userAgent = this.#options.userAgent ?? "test-browser/1";
    return { "User-Agent": userAgent, ...(cookie === "" ? {} : { Cookie: cookie }) };
  }

  #keep(field: string): void {
    const [name, ...value] = (field.split(";")[0] ?? "").split("=");
    if (name !== undefined) this.#cookies.set(name, value.join("="));
  }
}

async function fetchPage(method: string, url: URL, ca: string, what: Browsing): Promise<Page> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        method,
        host: "127.0.0.1",
        port: url.port === "" ? 443 : url.port,
        path: url.pathname + url.search,
        servername: url.hostname,
        ca,
        agent: false,
        headers: { Host: url.host, ...what.headers },
        signal: AbortSignal.timeout(patienceMs),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > largestPageBytes) asked.destroy(new Error("The answer is too long."));
        });
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            rawHeaders: answer.rawHeaders,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(what.body);
  });
}

/** The fields in the fragment of an OX redirect (reference/ox.md 4.2): decoded by percent, a plus stays. */
export function readFragment(location: string): Readonly<Record<string, string>> {
  const fragment = location.split("#!")[1] ?? "";
  const pairs = fragment.split("&").filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
    }),
  );
}
