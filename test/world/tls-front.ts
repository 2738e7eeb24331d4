import { once } from "node:events";
import { type IncomingMessage, request as plainRequest, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { listen } from "../http/world.ts";

/** One request as it came to the front. */
export interface Asked {
  readonly host: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
}

/** How requests fare: cut off, answered with what nobody can read, or passed on later. */
export type Conduct = "down" | "nonsense" | { readonly slowMs: number };

/** A request that goes no further: its sender waits, until the front lets go of it. */
export interface Held {
  /** Resolves when the request is there; with `answered` also the server behind has done its work, and the answer is kept back. */
  readonly reached: Promise<Asked>;
  /** Cuts its connection. */
  drop(): void;
}

/** What an administrator's reverse proxy does: ends TLS at a port of 127.0.0.1, and passes requests on with their Host field. */
export interface TlsFront extends AsyncDisposable {
  readonly port: number;
  /** Every request so far, in order. */
  readonly asked: readonly Asked[];
  /** For all requests from now on; null passes them on. */
  behave(conduct: Conduct | null): void;
  /** Holds the next request that fits, before it is passed on or after it was answered. */
  hold(fits: (asked: Asked) => boolean, at: "before" | "answered"): Held;
}

interface Waiting {
  readonly fits: (asked: Asked) => boolean;
  readonly at: "before" | "answered";
  readonly take: (asked: Asked, socket: Socket) => void;
}

export interface TlsFrontOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  /** 0 for any that is free. */
  readonly port: number;
  /** Port of 127.0.0.1 that requests are passed on to. */
  readonly behind: number;
}

export async function startTlsFront({ tls, port, behind }: TlsFrontOptions): Promise<TlsFront> {
  let conduct: Conduct | null = null;
  const asked: Asked[] = [];
  const waiting = new Set<Waiting>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = read(request);
    asked.push(seen);
    if (conduct === "down") return void request.socket.destroy();
    if (conduct === "nonsense") return void response.end("<p>It works!");
    if (conduct !== null) await wait(conduct.slowMs);
    const held = [...waiting].find(({ fits }) => fits(seen));
    if (held !== undefined) waiting.delete(held);
    if (held?.at === "before") return held.take(seen, request.socket);
    await passOn(request, response, { behind, keepBack: held === undefined ? null : held.take, seen });
  };
  const server = createServer(tls, (request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  const own = await listen(server, "127.0.0.1", port);
  return {
    port: own,
    asked,
    behave: (next) => {
      conduct = next;
    },
    hold: (fits, at) => {
      const { promise: reached, resolve } = Promise.withResolvers<Asked>();
      let connection: Socket | null = null;
      const take = (seen: Asked, socket: Socket): void => {
        connection = socket;
        resolve(seen);
      };
      waiting.add({ fits, at, take });
      return { reached, drop: () => connection?.destroy() };
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function read({ headers, method = "", url = "" }: IncomingMessage): Asked {
  return { host: headers.host ?? "", method, path: url.replace(/\?.*/s, "") };
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  to: { readonly behind: number; readonly keepBack: Waiting["take"] | null; readonly seen: Asked },
): Promise<void> {
  const { method, url, headers } = request;
  const inner = plainRequest({
    host: "127.0.0.1",
    port: to.behind,
    method,
    path: url,
    headers,
    agent: false,
  });
  request.pipe(inner);
  const answer = await Promise.race([
    once(inner, "response").then(([first]: IncomingMessage[]) => first),
    once(response, "close").then(() => null),
  ]).catch(() => null);
  if (answer === null || answer === undefined) {
    inner.on("error", () => {}).destroy();
    // As proxies say it of a server that does not run.
    if (!response.destroyed) response.writeHead(502).end();
    return;
  }
  answer.on("error", () => response.destroy());
  if (to.keepBack !== null) return to.keepBack(to.seen, request.socket);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}
