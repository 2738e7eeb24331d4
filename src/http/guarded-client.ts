import { networkInterfaces } from "node:os";
import undiciPackage from "undici/package.json" with { type: "json" };
import type { OutboundException } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { readText, refuseCompressed } from "./answer.ts";
import { connectPinned } from "./connect.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { streamed } from "./download.ts";
import { converse, type Exchange } from "./exchange.ts";
import { codeOf, failureOf } from "./failure.ts";
import { createResolve, type Resolve } from "./name-lookup.ts";
import {
  type OutboundClient,
  type OutboundDownload,
  type OutboundDownloadRequest,
  OutboundError,
  type OutboundRequest,
  type OutboundResponse,
} from "./outbound.ts";
import { type Hop, hopKey, nextHop } from "./redirect.ts";
import type { HttpLimits } from "./http-limits.ts";
import { judgeAddresses, judgeUrl, pinnedAddresses, type Target } from "./target.ts";
import { createKeyedWaitingLine, type KeyedWaitingLine } from "./waiting-line.ts";

/** What the guard tells the log. Hosts only: paths carry secrets. */
export interface GuardEvent {
  readonly kind: "exception-used" | "not-answered";
  readonly host: string;
  /** The reason of the OutboundError; null for an exception. */
  readonly reason: string | null;
  /** The code behind a failure of the transport. */
  readonly code: string | null;
}

export interface GuardedClientOptions {
  /** Asked for each request, so that a reloaded configuration counts at once. */
  readonly settings: () => {
    readonly userAgent: string;
    readonly exceptions: readonly OutboundException[];
  };
  readonly log?: (event: GuardEvent) => void;
  /** Asks the name servers of the machine unless given. */
  readonly resolve?: Resolve;
  /** This machine's own addresses, which are refused; read from its interfaces unless given. */
  readonly ownAddresses?: () => readonly string[];
  readonly limits?: Partial<HttpLimits>;
}

/**
 * The one way out by HTTP (reference/security.md 3.4). Throws at start-up where undici is not the version that the guard
 * was made for.
 */
export function createGuardedClient(options: GuardedClientOptions): OutboundClient & AsyncDisposable {
  if (!undiciPackage.version.startsWith("8.")) {
    const found = `The outgoing guard is made for undici 8 and found ${undiciPackage.version}.`;
    throw new Error(`${found} Install the packages again from package-lock.json (npm ci).`);
  }
  return new GuardedClient(options);
}

/**
 * Each hop: judge the URL, wait for a place, look the name up once, judge all addresses, connect to one of them, compare
 * what was reached, send, read within bounds. One connection per request: a kept one would outlive what was judged.
 */
class GuardedClient implements OutboundClient, AsyncDisposable {
  readonly #options: GuardedClientOptions;
  readonly #bounds: HttpLimits;
  readonly #requests: KeyedWaitingLine;
  readonly #downloads: KeyedWaitingLine;
  readonly #resolve: Resolve;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: GuardedClientOptions) {
    this.#options = options;
    this.#bounds = { ...limits, ...options.limits };
    const bounds = this.#bounds;
    this.#requests = createKeyedWaitingLine(bounds.httpPerOrigin, bounds.httpTotal);
    this.#downloads = createKeyedWaitingLine(bounds.httpStreamsPerOrigin, bounds.httpStreamsTotal);
    this.#resolve = options.resolve ?? createResolve();
  }

  async request(ask: OutboundRequest): Promise<OutboundResponse> {
    return this.#told(ask.url, this.#follow(ask));
  }

  async download(ask: OutboundDownloadRequest): Promise<OutboundDownload> {
    return this.#told(ask.url, this.#open(ask));
  }

  /** Counts it as under way, and names what broke it in the guard's own words. */
  async #told<T>(url: string, work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      const host = URL.parse(url)?.hostname ?? "";
      this.#options.log?.({ kind: "not-answered", host, reason: failure.reason, code: codeOf(error) });
      throw failure;
    } finally {
      this.#running.delete(work);
    }
  }

  /** The deadline of an ordinary request reaches to the head of the answer; then only silence ends it. */
  async #open(ask: OutboundDownloadRequest): Promise<OutboundDownload> {
    const callers = [ask.signal, this.#closing.signal];
    using deadline = startDeadline(this.#bounds.httpTotalMs, callers);
    const exchange = await this.#exchange({ ...ask, method: "GET" }, deadline, this.#downloads);
    try {
      refuseCompressed(exchange.headers);
    } catch (error) {
      await exchange[Symbol.asyncDispose]();
      throw error;
    }
    return streamed(exchange, this.#bounds, callers);
  }

  /** Ends what is under way as aborted, and refuses what comes later. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #follow(ask: OutboundRequest): Promise<OutboundResponse> {
    using deadline = startDeadline(this.#bounds.httpTotalMs, [ask.signal, this.#closing.signal]);
    const mayFollow = Math.min(ask.redirects ?? 0, this.#bounds.httpRedirects);
    const visited = new Set<string>();
    let hop: Hop = ask;
    for (;;) {
      const answer = await this.#askOnce(hop, deadline);
      visited.add(hopKey(hop));
      const next = mayFollow === 0 ? null : nextHop(hop, answer, visited);
      if (next === null) return answer;
      if (visited.size > mayFollow) throw new OutboundError("redirects-exceeded", false);
      hop = next;
    }
  }

  async #askOnce(hop: Hop, deadline: Deadline): Promise<OutboundResponse> {
    await using exchange = await this.#exchange(hop, deadline, this.#requests);
    const { status, headers } = exchange;
    // What a HEAD answer says of its body is about the one that it leaves out (RFC 9110 section 9.3.2).
    const described = hop.method === "HEAD" ? {} : headers;
    const text = await deadline.within(this.#bounds.httpTotalMs, "timeout", async () =>
      readText(described, exchange.body, this.#bounds.httpBodyBytes),
    );
    return { status, headers, text, url: hop.url };
  }

  /** One request and the head of its answer; its place in the line is held until it is disposed of. */
  async #exchange(hop: Hop, deadline: Deadline, line: KeyedWaitingLine): Promise<Exchange> {
    const { userAgent, exceptions } = this.#options.settings();
    const bounds = this.#bounds;
    const target = judgeUrl(hop.url, exceptions);
    if (typeof target === "string") throw new OutboundError(target, false);
    await using stack = new AsyncDisposableStack();
    stack.defer(await line.enter(target.url.origin, deadline.signal));
    const addresses = await this.#judgedAddresses(target, deadline);
    const socket = await deadline.within(bounds.httpConnectMs, "connect-timeout", async () =>
      connectPinned(target, addresses, deadline.signal),
    );
    const exchange = stack.use(await converse({ hop, target, socket, userAgent, deadline, bounds }));
    const owned = stack.move();
    return { ...exchange, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
  }

  async #judgedAddresses(target: Target, deadline: Deadline): Promise<readonly string[]> {
    const { log, ownAddresses = interfaceAddresses } = this.#options;
    const look = async (): Promise<readonly string[]> => this.#resolve(target.host, deadline.signal);
    const pinned = pinnedAddresses(target);
    const addresses =
      pinned.length > 0 ? pinned : await deadline.within(this.#bounds.httpDnsMs, "name-lookup-timeout", look);
    if (addresses.length === 0) throw new OutboundError("name-not-found", true);
    const refusal = judgeAddresses(target, addresses, ownAddresses());
    if (refusal !== null) throw new OutboundError(refusal, false);
    if (target.exceptions.length > 0) {
      log?.({ kind: "exception-used", host: target.host, reason: null, code: null });
    }
    return addresses.slice(0, this.#bounds.httpAddresses);
  }
}

function interfaceAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  } catch {
    // In a unit without AF_NETLINK the question fails; addresses that are not public are refused all the same.
    return [];
  }
}
