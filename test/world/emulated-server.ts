import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { answerUnder, type Fault, type Reply } from "./faulty-answers.ts";

/** One request that arrived; nothing in it is a secret. */
interface Seen<Place extends string> {
  readonly method: string;
  readonly path: string;
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `Place` names the kinds of requests that a fault can be confined to. */
export interface Trouble<Place extends string> {
  /**
   * This fault befalls the requests of one kind (or all), for ever or so many times, once `after` of them went well;
   * it replaces an earlier one there.
   */
  misbehave(fault: Fault, where?: Place | "all", times?: number, after?: number): void;
  /** No more faults. */
  behave(): void;
  /** Connections are refused and the open ones end. */
  goDown(): Promise<void>;
  /** Back at the same port. */
  comeUp(): Promise<void>;
}

export interface Observed<Place extends string> {
  requests(): readonly Seen<Place>[];
  connections(): number;
  /** What a real server would refuse, or what the reference demands of a client and was not done. No secrets. */
  refusals(): readonly string[];
}

export interface EmulatedServer<Place extends string>
  extends Trouble<Place>, Observed<Place>, AsyncDisposable {
  readonly port: number;
  readonly refuse: (what: string) => void;
}

export interface EmulatedServerOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly hostname: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
}

/** What an emulated server makes of a request, which it reads into its own form first. */
export interface Logic<
  Request extends { readonly method: string; readonly host: string },
  Place extends string,
> {
  read(incoming: IncomingMessage): Promise<Request>;
  placeOf(request: Request): Place;
  /** Path and query as the journal may show them: without secrets. */
  shownPath(request: Request): string;
  answer(request: Request): Reply | Promise<Reply>;
  /** The answer to a request whose Host field names another server. */
  readonly misdirected: Reply;
}

/** An https server on 127.0.0.1 with a journal and faults; it answers for one host name only. */
export async function startEmulatedServer<
  Request extends { readonly method: string; readonly host: string },
  Place extends string,
>(options: EmulatedServerOptions, logic: Logic<Request, Place>): Promise<EmulatedServer<Place>> {
  const seen: Seen<Place>[] = [];
  const refused: string[] = [];
  const faults = new Map<Place | "all", { readonly fault: Fault; times: number; after: number }>();
  let connections = 0;
  const server = createServer(options.tls, (incoming, response) => {
    take(incoming, response).catch((cause: unknown) => {
      if (!response.headersSent && !response.destroyed) response.writeHead(500).end();
      if (!incoming.destroyed) refused.push(`The emulator failed: ${String(cause)}`);
    });
  });
  server.on("connection", () => void (connections += 1));
  const port = await listen(server, options.port ?? 0);

  function faultAt(place: Place): Fault | null {
    const met = faults.get(place) ?? faults.get("all");
    if (met === undefined || met.times <= 0) return null;
    if (met.after > 0) {
      met.after -= 1;
      return null;
    }
    met.times -= 1;
    return met.fault;
  }

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await logic.read(incoming);
    const place = logic.placeOf(request);
    seen.push({ method: request.method, path: logic.shownPath(request), place, at: Date.now() });
    if (request.host.replace(/:443$/, "") !== hostOf(options.hostname, port)) {
      refused.push(`${request.method}: the Host field names another server`);
      return answerUnder(null, response, async () => logic.misdirected);
    }
    return answerUnder(faultAt(place), response, async () => logic.answer(request));
  }

  async function goDown(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  return {
    port,
    misbehave: (fault, where = "all", times = Number.POSITIVE_INFINITY, after = 0) => {
      faults.set(where, { fault, times, after });
    },
    behave: () => faults.clear(),
    goDown,
    comeUp: async () => {
      if (!server.listening) await listen(server, port);
    },
    requests: () => [...seen],
    connections: () => connections,
    refusals: () => [...refused],
    refuse: (what) => void refused.push(what),
    [Symbol.asyncDispose]: goDown,
  };
}

export function hostOf(hostname: string, port: number): string {
  return port === 443 ? hostname : `${hostname}:${port}`;
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The emulator has no TCP port.");
  return address.port;
}
