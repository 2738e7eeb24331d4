/**
 * An application that holds files, for shares that Usher relays: WebDAV (RFC 4918) over TLS as applications serve it, with reading
 * and writing, ranges and conditions, in memory. It opens with a login and password, or with a bearer token, and nothing else.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { OcmServerOptions } from "../ocm/server.ts";
import { change } from "./changes.ts";
import { content } from "./content.ts";
import { type Held, login, nameOf, root, type Served } from "./files.ts";
import { propfind } from "./propfind.ts";

export const password = "p4ss:w0rd é";
export const bearer = "bearer-0123456789";
export interface Asked {
  readonly method: string;
  /** As it came, percent-encoded. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** An answer in place of the usual one. */
export interface Conduct {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Application extends AsyncDisposable {
  readonly port: number;
  /** Of the root, with a slash at the end. */
  readonly url: string;
  /** By path below the root, decoded; folders end with a slash. */
  readonly files: Map<string, Held>;
  /** Everything that was asked with the right credentials, in order. */
  readonly asked: readonly Asked[];
  /** Bytes of made files that the network has taken. */
  sent(): number;
  /** All answers from now on; null for the usual ones. */
  behave(conduct: Conduct | null): void;
  /** New credentials count; the old ones open nothing. */
  lock(): void;
}

/** Starts it on 127.0.0.1. */
export async function startApplication({ tls, hostname }: OcmServerOptions): Promise<Application> {
  const files = new Map<string, Held>();
  const asked: Asked[] = [];
  const state = { conduct: null as Conduct | null, isLocked: false, sent: 0 };
  const server = createServer(tls, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    const body = await bodyOf(request);
    if (state.isLocked || !mayEnter(headers.authorization ?? "")) {
      return void response.writeHead(401, { "WWW-Authenticate": 'Basic realm="app"' }).end("Who are you?");
    }
    asked.push({ method, path, headers });
    if (state.conduct !== null) {
      return void response.writeHead(state.conduct.status, state.conduct.headers).end(state.conduct.body);
    }
    const name = nameOf(path);
    if (name === null) return void response.writeHead(404).end();
    await serve({ method, name, headers, body, files, response, count: (bytes) => (state.sent += bytes) });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The application has no TCP port.");
  return {
    port: address.port,
    url: `https://${hostname}:${address.port}${root}`,
    files,
    asked,
    sent: () => state.sent,
    behave: (conduct) => void (state.conduct = conduct),
    lock: () => void (state.isLocked = true),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

function mayEnter(field: string): boolean {
  const basic = `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
  return field === basic || field === `Bearer ${bearer}`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function serve(served: Served): Promise<void> {
  const { method, response } = served;
  if (method === "PROPFIND") return void propfind(served);
  if (method === "GET" || method === "HEAD") return content(served);
  response.writeHead(change(served)).end();
}
