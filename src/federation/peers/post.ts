import { randomBytes } from "node:crypto";
import { limits } from "../../domain/limits.ts";
import { OutboundError, type OutboundResponse } from "../../http/outbound.ts";
import { retryAfterMs } from "../../http/retry-after.ts";
import { signCavage } from "../../protocols/ocm/signatures/cavage.ts";
import { signRfc9421 } from "../../protocols/ocm/signatures/rfc9421.ts";
import type { SignatureScheme, SignedRequest } from "../../protocols/ocm/signatures/signed-request.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Call } from "../../protocols/protocol.ts";
import type { FederationGround, PeerAsk, PeerPosted } from "../parts.ts";
import { ownKeys } from "./own-keys.ts";

/** What is posted where. */
export interface Posting {
  readonly peer: Peer;
  /** Behind the peer's endPoint, or absolute. */
  readonly path: string;
  readonly body: object | URLSearchParams;
}

type PostParts = Pick<FederationGround, "store" | "sealer" | "siteUrl" | "settings" | "http">;

/** A signed POST to a peer; see Peers.post. */
export async function post(
  parts: PostParts,
  { peer, path, body }: Posting,
  ask: PeerAsk,
): Promise<PeerPosted> {
  const url = path.startsWith("/") ? peer.endPoint + path : path;
  if (URL.parse(url)?.origin !== peer.origin) return foreign(peer);
  if (ask.signal.aborted) return unanswered(peer, "called-off");
  const isForm = body instanceof URLSearchParams;
  const text = isForm ? body.toString() : JSON.stringify(body);
  const request: SignedRequest = { method: "POST", url, headers: {}, body: Buffer.from(text) };
  const headers = {
    "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
    accept: "application/json",
    ...(await signatureFields(parts, peer, request)),
  };
  const began = performance.now();
  const record = (status: number | null, meaning: string): void =>
    ask.record(callTo(url, ask.what, { status, meaning, tookMs: Math.round(performance.now() - began) }));
  try {
    const answer = await parts.http.request({
      url,
      method: "POST",
      headers,
      body: request.body,
      signal: ask.signal,
    });
    record(answer.status, answer.status < 400 ? "ok" : `http-${answer.status}`);
    return answered(answer);
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    record(null, error.reason);
    return error.temporary ? unanswered(peer, error.reason) : shut(peer, error.reason);
  }
}

/** The way of signing that a peer understands (reference/ocm.md 1, point 7); null for one that names none. */
function schemeFor({ capabilities, publicKey }: Peer): SignatureScheme | null {
  if (capabilities.has("http-sig")) return "rfc9421";
  return publicKey === null ? null : "cavage";
}

/** Nextcloud 32 signs with rsa-sha512 itself. */
async function signatureFields(
  parts: PostParts,
  peer: Peer,
  request: SignedRequest,
): Promise<Readonly<Record<string, string>>> {
  const scheme = schemeFor(peer);
  const keys = scheme === null ? null : await ownKeys(parts);
  if (scheme === null || keys === null) return {};
  return scheme === "rfc9421"
    ? signRfc9421(request, keys.rfc9421, Date.now(), randomBytes(16).toString("base64url"))
    : signCavage(request, keys.cavage, "rsa-sha512", Date.now());
}

function answered({ status, text, headers }: OutboundResponse): PeerPosted {
  const body = text.length <= limits.ocmBodyBytes ? jsonIn(text) : undefined;
  return { kind: "answered", status, body, retryAfterMs: retryAfterMs(headers, Date.now()) };
}

function callTo(href: string, what: string, outcome: Pick<Call, "status" | "meaning" | "tookMs">): Call {
  const { origin, pathname } = new URL(href);
  return { what, method: "POST", url: origin + pathname, ...outcome };
}

function unanswered({ host }: Peer, because: string): PeerPosted {
  const detail = `${host} could not be reached; Usher asks again later.`;
  return { kind: "try-later", because, detail, retryAfterMs: null };
}

function shut({ host }: Peer, because: string): PeerPosted {
  const detail = `The outgoing guard refused the request to ${host}; an exception under outbound.exceptions would let it pass.`;
  return { kind: "refused", because, detail };
}

function foreign({ host }: Peer): PeerPosted {
  const detail = `${host} names an address of another server, which Usher never asks; tell its operator.`;
  return { kind: "refused", because: "foreign-address", detail };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
