import { vi } from "vitest";
import type { Ask, Call } from "../../../src/protocols/protocol.ts";
import type { Verified } from "../../../src/federation/parts.ts";
import { discover } from "../../../src/federation/peers/discover.ts";
import { createVerify } from "../../../src/federation/peers/verify.ts";
import type { PeerRequest } from "../../../src/http/peer-route.ts";
import type { Store } from "../../../src/store/store.ts";
import { exceptionFor, makeClient, type Origin, startOrigin } from "../../http/world.ts";
import { temporaryStore } from "../../store/temporary.ts";
import { type CavageKey, cavageFields } from "../../world/ocm/cavage.ts";
import type { Certificates } from "../../world/tls.ts";
import { type MessageKey, messageFields } from "../../world/ocm/message-signature.ts";

const siteUrl = "https://usher.example.net";
const name = "cloud.example.com";

/** What the peer publishes now. */
export interface Publishing {
  publicKey: { readonly keyId: string; readonly publicKeyPem: string } | string | null;
  capabilities: string[];
  criteria: string[];
  jwksUri: string | null;
  /** Members of the key set, or a text that is served as it stands. */
  jwks: object[] | string;
  /** It answers nobody who asks for its discovery. */
  isDown: boolean;
}

export interface VerifyWorld extends AsyncDisposable {
  readonly store: Store;
  /** `host:port` of the peer. */
  readonly host: string;
  readonly origin: string;
  readonly publishing: Publishing;
  /** What was told to the log: event and host. */
  readonly told: readonly { readonly event: string; readonly fields: object }[];
  readonly calls: readonly Call[];
  /** How often this was fetched from it. */
  asked(path: string): number;
  verify(request: PeerRequest<null>, expectedHost?: string, signal?: AbortSignal): Promise<Verified>;
  /** Of a restarted daemon. */
  restart(): void;
  later(ms: number): void;
}

/** A peer that serves its key set over TLS; the clock stands still unless it is moved. */
export async function openVerifyWorld(certificates: Certificates): Promise<VerifyWorld> {
  await using stack = new AsyncDisposableStack();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  stack.defer(() => void vi.useRealTimers());
  const publishing: Publishing = {
    publicKey: null,
    capabilities: [],
    criteria: [],
    jwksUri: null,
    jwks: [],
    isDown: false,
  };
  const served: string[] = [];
  const server: Origin = stack.use(
    await startOrigin(
      await certificates.certificate([name]),
      (request, response) => {
        const path = request.url ?? "";
        served.push(path);
        const { status, body } = answerTo(path, `https://${request.headers.host ?? ""}`, publishing);
        response.writeHead(status).end(body);
      },
      { host: name },
    ),
  );
  const http = stack.use(makeClient([exceptionFor(server.url, { ca: certificates.ca })]));
  const store = stack.use(await temporaryStore());
  const { host } = new URL(server.url);
  const told: { event: string; fields: object }[] = [];
  const calls: Call[] = [];
  const ocm = { enabled: true, provider: "Usher", allow: null, deny: [], mustInvite: false } as const;
  const settings = () => ({ ...ocm, keys: null, inviteLifeMs: 1, servers: [] });
  const parts = {
    store,
    http,
    siteUrl: () => siteUrl,
    tell: (event: string, fields: object) => void told.push({ event, fields }),
    discover: async (asked: string, ask: Ask) => discover({ store, http, settings }, asked, ask),
  };
  let verify = createVerify(parts);
  const record = (call: Call) => void calls.push(call);
  const opened = stack.move();
  return {
    store,
    host,
    origin: server.url,
    publishing,
    told,
    calls,
    asked: (path) => served.filter((each) => each === path).length,
    verify: async (request, expectedHost = host, signal = new AbortController().signal) =>
      verify(request, expectedHost, { signal, record }),
    restart: () => void (verify = createVerify(parts)),
    later: (ms) => void vi.setSystemTime(Date.now() + ms),
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

function answerTo(
  path: string,
  origin: string,
  { isDown, jwks, ...published }: Publishing,
): { readonly status: number; readonly body: string } {
  if (isDown) return { status: 503, body: "" };
  if (path === "/.well-known/ocm") {
    const endPoint = `${origin}/ocm`;
    return {
      status: 200,
      body: JSON.stringify({ enabled: true, apiVersion: "1.1.0", endPoint, ...published }),
    };
  }
  return { status: 200, body: typeof jwks === "string" ? jwks : JSON.stringify({ keys: jwks }) };
}

const text = JSON.stringify({ shareWith: "bob@usher.example.net", owner: "ada@cloud.example.com" });
const target = "/ocm/shares";

/** A request as it reaches the site: signed for its address, behind a reverse proxy that writes a Host of its own. */
export function requestWith(fields: Readonly<Record<string, string>>): PeerRequest<null> {
  const own = { "content-type": "application/json", "content-length": `${Buffer.byteLength(text)}` };
  return {
    instance: null,
    method: "POST",
    target,
    params: {},
    query: new URLSearchParams(),
    headers: { ...own, ...fields, host: "127.0.0.1:8080" },
    body: Buffer.from(text),
    network: "127.0.0.1",
    countWrongSecret: () => null,
    signal: new AbortController().signal,
  };
}

/** Signed as Nextcloud 32 signs. */
export function byCavage(key: CavageKey): PeerRequest<null> {
  return requestWith(cavageFields(key, new URL(siteUrl + target), text, new Date()));
}

/** Signed as the master line of Nextcloud signs. */
export function byRfc9421(key: MessageKey): PeerRequest<null> {
  return requestWith(messageFields(key, new URL(siteUrl + target), text, new Date()));
}
