import type { Reply } from "../faulty-answers.ts";
import {
  type EmulatedServer,
  type EmulatedServerOptions,
  hostOf,
  startEmulatedServer,
} from "../emulated-server.ts";
import { type Called, newCaller, type Caller, type Resolve } from "./caller.ts";
import { json, type OcmRequest, page, readRequest } from "./wire.ts";

/** Kinds of requests that a fault can be confined to. */
export type OcmPlace =
  | "discovery"
  | "keys"
  | "shares"
  | "notifications"
  | "invite"
  | "token"
  | "webdav"
  | "link"
  | "home"
  | "page";

export interface OcmServerOptions extends EmulatedServerOptions {
  /** Where other servers are found on loopback. */
  readonly resolve: Resolve;
}

/** One request with its answer. It holds secrets: for assertions, never for output. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly status: number;
}

/** What every emulated server of Open Cloud Mesh has: its names, a way to others, and a place for what is not told. */
export interface OcmGround {
  readonly hostname: string;
  /** With the port unless that is 443: the host part of its OCM addresses. */
  readonly host: string;
  /** `https://` and `host`. */
  readonly origin: string;
  readonly call: Caller["call"];
  /** Notes a request that the reference does not describe: no honest client sends it. No secrets. */
  readonly refuse: (what: string) => void;
}

export interface Route<Peer> {
  /** Several are divided by a bar. */
  readonly method: string;
  readonly path: RegExp;
  readonly place: OcmPlace;
  take(peer: Peer, request: OcmRequest, ...parts: string[]): Reply | Promise<Reply>;
}

/** Common to all running emulators. */
export interface OcmServer extends EmulatedServer<OcmPlace> {
  /** Whole requests, in order; those for another host, or that a fault kept away, are left out. */
  received(place?: OcmPlace): readonly Received[];
  /** Calls that it made to other servers. */
  called(): readonly Called[];
}

/** Serves the routes over TLS; the first that fits is taken, and a request that fits none is answered 404 and noted. */
export async function startOcmServer<Peer extends OcmGround>(
  options: OcmServerOptions & { readonly userAgent: string },
  routes: readonly Route<Peer>[],
  make: (ground: OcmGround) => Peer | Promise<Peer>,
): Promise<{ readonly server: OcmServer; readonly peer: Peer }> {
  const running: { peer: Peer | null } = { peer: null };
  const seen: { readonly place: OcmPlace; readonly received: Received }[] = [];
  const ending = new AbortController();
  const server = await startEmulatedServer<OcmRequest, OcmPlace>(options, {
    read: readRequest,
    placeOf: ({ method, path }) => routes.find((each) => fits(each, method, path))?.place ?? "page",
    shownPath: ({ path }) => withoutSecrets(path),
    misdirected: page(421, "<p>This is another server.</p>"),
    answer: async (request) => {
      if (running.peer === null) throw new Error("The emulated server is not ready.");
      const route = routes.find((each) => fits(each, request.method, request.path));
      const reply = await answer(running.peer, route, request);
      seen.push({ place: route?.place ?? "page", received: recordOf(request, reply.status) });
      return reply;
    },
  });
  const host = hostOf(options.hostname, server.port);
  const caller = newCaller({ ...options, signal: ending.signal });
  const ground = { hostname: options.hostname, host, origin: `https://${host}`, call: caller.call };
  running.peer = await make({ ...ground, refuse: server.refuse });
  return {
    peer: running.peer,
    server: {
      ...server,
      received: (place) =>
        seen.filter((each) => place === undefined || each.place === place).map(({ received }) => received),
      called: caller.called,
      [Symbol.asyncDispose]: async () => {
        ending.abort();
        await server[Symbol.asyncDispose]();
      },
    },
  };
}

function fits({ method, path }: Route<never>, asked: string, askedPath: string): boolean {
  return method.split("|").includes(asked) && path.test(askedPath);
}

async function answer<Peer extends OcmGround>(
  peer: Peer,
  route: Route<Peer> | undefined,
  request: OcmRequest,
): Promise<Reply> {
  if (request.isTooLarge) return json(413, { message: "The body is too large." });
  if (route === undefined) {
    peer.refuse(`${request.method} ${withoutSecrets(request.path)}: this is not served`);
    return json(404, { message: "There is nothing here." });
  }
  const parts = route.path.exec(request.path)?.slice(1) ?? [];
  return route.take(peer, request, ...parts);
}

function recordOf({ method, path, query, headers, body }: OcmRequest, status: number): Received {
  return { method, path, query: String(query), headers, body: body.toString("utf8"), status };
}

/** Tokens in paths are cut to four characters. */
function withoutSecrets(path: string): string {
  return path.replaceAll(/(?<=\/)([\w-]{4})[\w-]{11,}(?=\/|$)/g, (whole, start: string) =>
    /\d/.test(whole) ? `${start}…` : whole,
  );
}
