import { limits } from "../../domain/limits.ts";
import { OutboundError, type OutboundResponse } from "../../http/outbound.ts";
import { readPeerHost } from "../../protocols/ocm/address.ts";
import { readDiscovery, type ReadDiscovery } from "../../protocols/ocm/discovery.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { keepDiscovery, keepFailure, type OcmPeerRow, readOcmPeer } from "../../store/ocm-peers.ts";
import type { Discovered, FederationGround } from "../parts.ts";
import { isAdmitted } from "./admitted.ts";

type DiscoverParts = Pick<FederationGround, "store" | "http" | "settings">;

/** In this order (reference/ocm.md 1, point 1): Nextcloud up to 32, ownCloud and Seafile know the second alone. */
const paths = ["/.well-known/ocm", "/ocm-provider/"];

/** Why a server could not be found out about. */
interface Failure {
  readonly kind: "failure";
  /** Kebab-case. */
  readonly because: string;
  readonly isFinal: boolean;
}

type Asked = { readonly kind: "told"; readonly peer: Peer; readonly json: string } | Failure;

/** Questions under way; who asks the same server meanwhile waits for the answer. Null: whoever asked has gone. */
const underWay = new WeakMap<FederationGround["store"], Map<string, Promise<Discovered | null>>>();

/**
 * What a server says of itself; see Peers.discover. Two requests at most, with their redirects within the server, and the
 * guard bounds each. The answer is kept in the store; after a failure the server is left alone for
 * limits.ocmDiscoveryPauseMs, and what it said before counts on meanwhile.
 */
export async function discover(parts: DiscoverParts, named: string, ask: Ask): Promise<Discovered> {
  const host = readPeerHost(named);
  if (host === null) return noPeer("not-a-host", "That is not the name of a server.");
  if (!isAdmitted(host, parts.settings())) {
    return noPeer("not-admitted", `The configuration shuts ${host} out (ocm.allow, ocm.deny).`);
  }
  const row = await readOcmPeer(parts.store.db, host);
  const kept = row === undefined ? null : keptAnswer(row, Date.now());
  if (kept !== null) return kept;
  const running = underWay.get(parts.store) ?? new Map<string, Promise<Discovered | null>>();
  underWay.set(parts.store, running);
  const answer = await running.get(host);
  if (answer !== undefined && answer !== null) return answer;
  const asking = askAnew(parts, host, row, ask);
  running.set(host, asking);
  try {
    return (await asking) ?? later(host, "cancelled", null);
  } finally {
    if (running.get(host) === asking) running.delete(host);
  }
}

/** What is known of a server without asking it, however long ago it said so; null where it never did. */
export async function knownPeer(parts: DiscoverParts, host: string): Promise<Peer | null> {
  const row = await readOcmPeer(parts.store.db, host);
  return row === undefined || !isAdmitted(host, parts.settings()) ? null : keptPeer(row);
}

/** What the store says where nobody has to be asked; null where somebody has. */
function keptAnswer(row: OcmPeerRow, nowMs: number): Discovered | null {
  const peer = keptPeer(row);
  if (peer !== null && nowMs - (row.discovered_at ?? 0) < limits.ocmDiscoveryMs)
    return { kind: "peer", peer };
  const restMs = (row.failed_at ?? 0) + limits.ocmDiscoveryPauseMs - nowMs;
  if (restMs <= 0) return null;
  return failed(row.host, peer, {
    because: row.failure ?? "unknown",
    isFinal: row.is_failure_final === 1,
    restMs,
  });
}

function keptPeer({ host, discovery_json: json }: OcmPeerRow): Peer | null {
  const read = json === null ? null : readDiscovery(host, JSON.parse(json));
  return read?.kind === "peer" ? read.peer : null;
}

/** A server that is down or has lost its way for a while is still the one that it was. */
function failed(
  host: string,
  peer: Peer | null,
  {
    because,
    isFinal,
    restMs,
  }: { readonly because: string; readonly isFinal: boolean; readonly restMs: number },
): Discovered {
  if (peer !== null) return { kind: "peer", peer };
  return isFinal ? noPeer(because, sentence(host, because)) : later(host, because, restMs);
}

function noPeer(because: string, detail: string): Discovered {
  return { kind: "no-peer", because, detail };
}

function later(host: string, because: string, retryAfterMs: number | null): Discovered {
  return { kind: "try-later", because, detail: sentence(host, because), retryAfterMs };
}

function sentence(host: string, because: string): string {
  return `${host} could not be found out about as a server of Open Cloud Mesh (${because}).`;
}

/** Null where whoever asked has gone: that says nothing about the server. */
async function askAnew(
  parts: DiscoverParts,
  host: string,
  row: OcmPeerRow | undefined,
  ask: Ask,
): Promise<Discovered | null> {
  const asked = await askServer(parts, host, ask);
  const { db } = parts.store;
  if (asked.kind === "told") {
    await keepDiscovery(db, host, asked.json, Date.now());
    return { kind: "peer", peer: asked.peer };
  }
  if (ask.signal.aborted) return null;
  const { because, isFinal } = asked;
  await keepFailure(db, { host, failure: because, isFinal }, Date.now());
  const peer = row === undefined ? null : keptPeer(row);
  return failed(host, peer, { because, isFinal, restMs: limits.ocmDiscoveryPauseMs });
}

async function askServer(parts: DiscoverParts, host: string, ask: Ask): Promise<Asked> {
  let last: Failure = { kind: "failure", because: "no-discovery", isFinal: true };
  for (const path of paths) {
    const asked = await askPath(parts, host, `https://${host}${path}`, ask);
    if (asked.kind === "told") return asked;
    // Who was not reached under one path is not there under the other; who names foreign addresses is not asked again.
    if (asked.because !== "no-discovery" && asked.because !== "no-end-point") return asked;
    last = asked;
  }
  return last;
}

async function askPath(parts: DiscoverParts, host: string, first: string, ask: Ask): Promise<Asked> {
  let url = first;
  for (let hop = 0; hop <= limits.httpRedirects; hop++) {
    const answer = await get(parts, url, ask);
    if (answer instanceof OutboundError) return failure(answer.reason, !answer.temporary);
    const [location] = answer.headers["location"] ?? [];
    if (answer.status < 300 || answer.status >= 400 || location === undefined)
      return readAnswer(host, answer);
    const next = URL.parse(location, url);
    if (next?.origin !== `https://${host}`) return failure("redirect-elsewhere", true);
    url = next.href;
  }
  return failure("redirect-loop", true);
}

function failure(because: string, isFinal: boolean): Failure {
  return { kind: "failure", because, isFinal };
}

function readAnswer(host: string, { status, text }: OutboundResponse): Asked {
  if (status === 429 || status >= 500) return failure(`http-${status}`, false);
  if (status !== 200) return failure("no-discovery", true);
  if (Buffer.byteLength(text) > limits.ocmDiscoveryBytes) return failure("discovery-too-large", true);
  const read = parsed(host, text);
  return read.kind === "peer" ? { kind: "told", peer: read.peer, json: text } : failure(read.because, true);
}

function parsed(host: string, text: string): ReadDiscovery {
  try {
    return readDiscovery(host, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return readDiscovery(host, null);
    throw error;
  }
}

/** One GET, for the record; what went wrong where no answer came. */
async function get(
  { http }: DiscoverParts,
  url: string,
  ask: Ask,
): Promise<OutboundResponse | OutboundError> {
  const began = performance.now();
  const record = (status: number | null, meaning: string): void =>
    ask.record({
      what: "discover server",
      method: "GET",
      url,
      status,
      meaning,
      tookMs: Math.round(performance.now() - began),
    });
  try {
    const answer = await http.request({
      url,
      method: "GET",
      headers: { accept: "application/json" },
      signal: ask.signal,
    });
    record(answer.status, answer.status === 200 ? "ok" : `http-${answer.status}`);
    return answer;
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    record(null, error.reason);
    return error;
  }
}
