import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { readSignature, type ReadSignature } from "../../protocols/ocm/signatures/verify.ts";
import { listPeerKeys } from "../../store/ocm-peer-keys.ts";
import type { FederationParts, Verified } from "../parts.ts";
import { isAdmitted } from "../peers/admitted.ts";
import { knownPeer } from "../peers/discover.ts";
import { mustSign } from "../peers/published-keys.ts";
import { comeBack, refusal } from "../refusal.ts";

/** Who speaks in a request: the host that it names, or somebody who says so. */
export type Speaker =
  | Extract<Verified, { readonly kind: "signed" }>
  | { readonly kind: "unsigned" }
  | { readonly kind: "refused"; readonly reply: PeerReply };

/**
 * Whether a request speaks for a host. Strangers cause requests by this: a signature can only be verified by asking the server
 * that it names for its key. So one whose server was never heard of counts like a wrong secret of its network
 * (limits.wrongSecrets), each server is asked once in a while (Peers.discover), and an unsigned request has nobody asked.
 */
export async function speakerOf(
  parts: FederationParts,
  request: PeerRequest<null>,
  host: string,
): Promise<Speaker> {
  if (!isAdmitted(host, parts.settings())) {
    return refused(parts, host, "not-admitted", refusal(403, "This server is not trusted here"));
  }
  const isKnown = await isKnownPeer(parts, host);
  if (!isKnown) {
    if (signatureOf(request).kind === "unsigned") return { kind: "unsigned" };
    const waitMs = request.countWrongSecret();
    if (waitMs !== null) return { kind: "refused", reply: comeBack(429, "Too many unknown servers", waitMs) };
  }
  const ask: Ask = { signal: request.signal, record: () => {} };
  if (signatureOf(request).kind === "invalid" && (await hasNoKeys(parts, host, ask))) {
    return { kind: "unsigned" };
  }
  const verified = await parts.peers.verify(request, host, ask);
  if (verified.kind === "signed") return verified;
  if (verified.kind === "unsigned" && !verified.mustSign) return { kind: "unsigned" };
  const reason = verified.kind === "unsigned" ? "unsigned" : verified.because;
  const message = verified.kind === "unsigned" ? "The request is not signed" : "Invalid signature";
  return refused(parts, host, reason, refusal(401, message));
}

/** The host that a request says it is signed by; null where it says none. Nothing is proved by it. */
export function signerOf(request: PeerRequest<null>): string | null {
  const read = signatureOf(request);
  return read.kind === "signed" ? read.host : null;
}

function signatureOf({ method, target, headers }: PeerRequest<null>): ReadSignature {
  return readSignature({ method, url: `https://site.invalid${target}`, headers, body: Buffer.alloc(0) });
}

async function isKnownPeer(parts: FederationParts, host: string): Promise<boolean> {
  if ((await knownPeer(parts, host)) !== null) return true;
  return (await listPeerKeys(parts.store.db, host)).length > 0;
}

/** ocm-stub signs in a form of its own (reference/ocm.md 4.8): worth what no signature is worth, where nobody could verify any. */
async function hasNoKeys(parts: FederationParts, host: string, ask: Ask): Promise<boolean> {
  if ((await listPeerKeys(parts.store.db, host)).length > 0) return false;
  const found = await parts.peers.discover(host, ask);
  if (found.kind !== "peer" || mustSign(found.peer)) return false;
  return found.peer.publicKey === null && found.peer.jwksUri === null;
}

function refused({ tell }: FederationParts, host: string, reason: string, reply: PeerReply): Speaker {
  tell("peer-refused", { host, reason });
  return { kind: "refused", reply };
}
