import type { Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { type buildConnector, Client } from "undici";
import undiciPackage from "undici/package.json" with { type: "json" };
import type { OutboundException } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { headerValues, readText } from "./answer.ts";
import { connectPinned } from "./connect.ts";
import { cookieField, keepCookies } from "./cookies.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { codeOf, failureOf } from "./failure.ts";
import { createResolve, type Resolve } from "./name-lookup.ts";
import {
  type OutboundClient,
  OutboundError,
  type OutboundRequest,
  type OutboundResponse,
} from "./outbound.ts";
import { type Hop, hopKey, nextHop } from "./redirect.ts";
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

type HttpLimits = Readonly<Record<Extract<keyof typeof limits, `http${string}`>, number>>;

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
  readonly #line: KeyedWaitingLine;
  readonly #resolve: Resolve;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: GuardedClientOptions) {
    this.#options = options;
    this.#bounds = { ...limits, ...options.limits };
    this.#line = createKeyedWaitingLine(this.#bounds.httpPerOrigin, this.#bounds.httpTotal);
    this.#resolve = options.resolve ?? createResolve();
  }

  async request(ask: OutboundRequest): Promise<OutboundResponse> {
    const answer = this.#follow(ask);
    this.#running.add(answer);
    try {
      return await answer;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      const host = URL.parse(ask.url)?.hostname ?? "";
      this.#options.log?.({ kind: "not-answered", host, reason: failure.reason, code: codeOf(error) });
      throw failure;
    } finally {
      this.#running.delete(answer);
    }
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
    const { userAgent, exceptions } = this.#options.settings();
    const bounds = this.#bounds;
    const target = judgeUrl(hop.url, exceptions);
    if (typeof target === "string") throw new OutboundError(target, false);
    const leave = await this.#line.enter(target.url.origin, deadline.signal);
    try {
      const addresses = await this.#judgedAddresses(target, deadline);
      const socket = await deadline.within(bounds.httpConnectMs, "connect-timeout", async () =>
        connectPinned(target, addresses, deadline.signal),
      );
      return await converse({ hop, target, socket, userAgent, deadline, bounds });
    } finally {
      leave();
    }
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

interface Conversation {
  readonly hop: Hop;
  readonly target: Target;
  readonly socket: Socket;
  readonly userAgent: string;
  readonly deadline: Deadline;
  readonly bounds: HttpLimits;
}

/** Sends one request over an open connection, reads the answer, and closes. */
async function converse(talk: Conversation): Promise<OutboundResponse> {
  const { hop, target, deadline, bounds } = talk;
  const client = new Client(target.url.origin, {
    connect: handOver(talk.socket),
    maxHeaderSize: bounds.httpHeaderBytes,
    // undici's timers count gaps; the deadline counts time.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    const answer = await deadline.within(bounds.httpHeadersMs, "headers-timeout", async () =>
      client.request({
        path: target.url.pathname + target.url.search,
        method: hop.method,
        headers: await requestHeaders(talk),
        body: hop.body ?? null,
        reset: true,
        signal: deadline.signal,
      }),
    );
    const headers = headerValues(answer.headers);
    await keepCookies(hop, headers);
    const text = await deadline.within(bounds.httpTotalMs, "timeout", async () =>
      readText(headers, answer.body, bounds.httpBodyBytes),
    );
    return { status: answer.statusCode, headers, text, url: hop.url };
  } finally {
    await client.destroy();
    // Where undici never took it.
    talk.socket.destroy();
  }
}

async function requestHeaders({ hop, userAgent }: Conversation): Promise<Record<string, string>> {
  const headers: Record<string, string> = { "user-agent": userAgent };
  for (const [name, value] of Object.entries(hop.headers ?? {})) headers[name.toLowerCase()] = value;
  const cookie = await cookieField(hop);
  if (cookie !== "") headers["cookie"] = cookie;
  headers["accept-encoding"] = "identity";
  return headers;
}

/** Gives undici the checked connection once; another one, which it would open by itself, is refused. */
function handOver(socket: Socket): buildConnector.connector {
  let isLeft = true;
  return (_options, callback) => {
    const isFirst = isLeft;
    isLeft = false;
    // undici waits for ever where the connection is there before its call has ended.
    queueMicrotask(() => {
      if (isFirst) callback(null, socket);
      else callback(new OutboundError("connection-broken", true), null);
    });
  };
}

function interfaceAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  } catch {
    // In a unit without AF_NETLINK the question fails; addresses that are not public are refused all the same.
    return [];
  }
}
