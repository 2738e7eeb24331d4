import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutboundException } from "../../src/config/config.ts";
import {
  createGuardedClient,
  type GuardedClientOptions,
  type GuardEvent,
} from "../../src/http/guarded-client.ts";
import type {
  OutboundClient,
  OutboundError,
  OutboundRequest,
  OutboundResponse,
} from "../../src/http/outbound.ts";
import { type Certificate, type Certificates, makeCertificates } from "../world/tls.ts";

/** Plays a public address; 127.0.0.1 plays a private one. Both are loopback. */
export const publicAddress = "127.0.0.2";
export const privateAddress = "127.0.0.1";

export async function makeTestCertificates(): Promise<Certificates & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "usher-http-"));
  const certificates = await makeCertificates(directory);
  return {
    ...certificates,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }),
  };
}

export interface Origin extends AsyncDisposable {
  readonly port: number;
  /** `https://ox.example.com:port`, or http without a certificate. */
  readonly url: string;
}

/** A web server at the stand-in for a public address. */
export async function startOrigin(
  certificate: Certificate | null,
  answer: RequestListener,
  place: { readonly host?: string; readonly port?: number } = {},
): Promise<Origin> {
  const server =
    certificate === null
      ? createHttp(answer)
      : createHttps({ cert: certificate.cert, key: certificate.key }, answer);
  const port = await listen(server, publicAddress, place.port);
  return {
    port,
    url: `${certificate === null ? "http" : "https"}://${place.host ?? "ox.example.com"}:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export async function listen(server: Server, host: string, wanted = 0): Promise<number> {
  server.listen(wanted, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

/** Opens one port of a host to the stand-in for a public address only. */
export function exceptionFor(url: string, extra: Partial<OutboundException> = {}): OutboundException {
  const { hostname, port, protocol } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    cidr: `${publicAddress}/32`,
    scheme: protocol === "http:" ? "http" : "https",
    address: null,
    ca: null,
    ...extra,
  };
}

export interface TestClient extends OutboundClient, AsyncDisposable {
  readonly events: readonly GuardEvent[];
  get(url: string, more?: Partial<OutboundRequest>): Promise<OutboundResponse>;
  /** The refusal or failure of a GET; a test fails where there is an answer. */
  fail(url: string, more?: Partial<OutboundRequest>): Promise<OutboundError>;
}

/** A client with short limits for which every name lies at the stand-in for a public address. */
export function makeClient(
  exceptions: readonly OutboundException[],
  options: Partial<GuardedClientOptions> = {},
): TestClient {
  const events: GuardEvent[] = [];
  const client = createGuardedClient({
    settings: () => ({ userAgent: "usher-test", exceptions }),
    resolve: async () => [publicAddress],
    log: (event) => events.push(event),
    ...options,
    limits: { httpTotalMs: 60_000, ...options.limits },
  });
  const get: TestClient["get"] = async (url, more = {}) =>
    client.request({ url, method: "GET", signal: new AbortController().signal, ...more });
  return {
    events,
    get,
    request: async (ask) => client.request(ask),
    download: async (ask) => client.download(ask),
    fail: async (url, more) => {
      const outcome = await get(url, more).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) throw new Error("The request was answered.");
      return outcome as OutboundError;
    },
    [Symbol.asyncDispose]: async () => client[Symbol.asyncDispose](),
  };
}
