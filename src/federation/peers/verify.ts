import type { PeerRequest } from "../../http/peer-route.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { isSignedFor } from "../../protocols/ocm/signatures/key-id.ts";
import {
  authorityOf,
  type InvalidSignature,
  invalid,
  type SignedRequest,
} from "../../protocols/ocm/signatures/signed-request.ts";
import { type PeerKey, readSignature, verifySignature } from "../../protocols/ocm/signatures/verify.ts";
import { listPeerKeys, type OcmPeerKeyRow } from "../../store/ocm-peer-keys.ts";
import { recordRefusal } from "../../store/ocm-refusals.ts";
import type { FederationGround, Peers, Verified } from "../parts.ts";
import { keptKey } from "./peer-keys.ts";
import {
  createLookUp,
  type LookUp,
  type LookUpParts,
  mustSign,
  type NamedKey,
  type Published,
} from "./published-keys.ts";
import { changed, taken, type TrustParts, type ValidSignature } from "./trust.ts";

type VerifyParts = LookUpParts & TrustParts & Pick<FederationGround, "siteUrl">;

/** A request with the host that it has to be signed by. */
interface Claim {
  readonly signed: SignedRequest;
  /** `host[:port]`, as ocm_peer has it. */
  readonly host: string;
  readonly nowMs: number;
  readonly ask: Ask;
}

type Verdict = ValidSignature | InvalidSignature;

/**
 * Who signed a request; see Peers.verify. The first key that a host signs with is trusted where the host's own discovery or
 * key set names it; another one in its place is a conflict until somebody forgets the first (`usher doctor peer`).
 */
export function createVerify(parts: VerifyParts): Peers["verify"] {
  const lookUp = createLookUp(parts);
  return async (request, expectedHost, ask) => {
    const signed = signedRequest(parts, request);
    const host = authorityOf(`https://${expectedHost}/`) ?? expectedHost;
    // Whoever sends and goes, again and again, would have the peer asked each time if that were called off with him.
    const { signal } = new AbortController();
    const claim: Claim = { signed, host, nowMs: Date.now(), ask: { ...ask, signal } };
    const verified = await judge(parts, lookUp, claim);
    if (verified.kind !== "invalid") return verified;
    const { because, detail } = verified;
    await recordRefusal(parts.store.db, { host, because, detail }, claim.nowMs);
    return { kind: "bad-signature", because, detail };
  };
}

/** As the peer addressed it: a reverse proxy may have changed the host on the way. */
function signedRequest(parts: VerifyParts, request: PeerRequest<null>): SignedRequest {
  const { method, target, headers, body } = request;
  return {
    method,
    url: `${parts.siteUrl() ?? ""}${target}`,
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}

async function judge(parts: VerifyParts, lookUp: LookUp, claim: Claim): Promise<Verified | InvalidSignature> {
  const { signed, host } = claim;
  const read = readSignature(signed);
  if (read.kind === "invalid") return read;
  const trusted = await listPeerKeys(parts.store.db, host);
  if (read.kind === "unsigned") {
    return { kind: "unsigned", mustSign: trusted.length > 0 || (await saysItSigns(parts, claim)) };
  }
  if (!isSignedFor(read.keyId, host)) {
    return invalid("signed-by-other-host", `It is signed by ${read.host} and speaks for ${host}.`);
  }
  const named: NamedKey = { host, scheme: read.scheme, keyId: read.keyId };
  const byTrusted = verdictByTrusted(claim, trusted, named);
  if (byTrusted?.kind === "valid") return taken(parts, claim, byTrusted, null);
  if (byTrusted !== null && byTrusted.because !== "signature-wrong") return byTrusted;
  const found = await search(lookUp, named, claim);
  return judgePublished(parts, claim, { named, found, trusted });
}

async function saysItSigns(parts: VerifyParts, { host, ask }: Claim): Promise<boolean> {
  const found = await parts.discover(host, ask);
  return found.kind === "peer" && mustSign(found.peer);
}

/** By the key that is trusted under that name; null where none is. */
function verdictByTrusted(
  { signed, nowMs }: Claim,
  trusted: readonly OcmPeerKeyRow[],
  { scheme, keyId }: NamedKey,
): Verdict | null {
  const row = trusted.find((each) => each.scheme === scheme && each.key_id === keyId);
  const key = row === undefined ? null : keptKey(row);
  return key === null ? null : verdictBy(key, signed, nowMs);
}

/** Of a request that carries a signature. */
function verdictBy(key: PeerKey, signed: SignedRequest, nowMs: number): Verdict {
  const verdict = verifySignature(signed, key, nowMs);
  return verdict.kind === "unsigned" ? invalid("signature-unreadable", "It carries no signature.") : verdict;
}

type PublishedKey = Extract<Published, { readonly kind: "key" }>;
type Found = Exclude<Published, PublishedKey> | (PublishedKey & { readonly verdict: Verdict });

/** Looks at what is known of the peer first, and asks it again where that does not fit. */
async function search(lookUp: LookUp, named: NamedKey, claim: Claim): Promise<Found> {
  const first = judged(await lookUp(named, false, claim.ask), claim);
  return isSettled(first) ? first : judged(await lookUp(named, true, claim.ask), claim);
}

function judged(found: Published, { signed, nowMs }: Claim): Found {
  return found.kind === "key" ? { ...found, verdict: verdictBy(found.key, signed, nowMs) } : found;
}

/** Whether another key could change nothing about it. */
function isSettled(found: Found): boolean {
  if (found.kind !== "key") return found.kind === "not-reached";
  const { verdict } = found;
  return verdict.kind === "valid" || !["signature-wrong", "key-of-other-id"].includes(verdict.because);
}

interface Finding {
  readonly named: NamedKey;
  readonly found: Found;
  readonly trusted: readonly OcmPeerKeyRow[];
}

/** Judges by what the peer publishes now. */
async function judgePublished(
  parts: VerifyParts,
  claim: Claim,
  { named, found, trusted }: Finding,
): Promise<Verified | InvalidSignature> {
  const { host, scheme, keyId } = named;
  if (found.kind === "not-reached") {
    return invalid("key-not-fetched", `Its key could not be asked for. ${found.detail}`);
  }
  if (found.kind === "no-keys" && trusted.length === 0 && !found.mustSign) {
    // Nobody can verify it, so it is worth what no signature is worth.
    return { kind: "unsigned", mustSign: false };
  }
  if (found.kind !== "key") {
    return invalid("key-not-published", `${host} does not publish the key that it is signed with.`);
  }
  if (found.verdict.kind === "invalid") return found.verdict;
  // RFC 9421 keys may be followed by others under other names; a cavage key has no successor (reference/ocm.md 4.8).
  const former = trusted.find(
    (row) => row.scheme === scheme && (scheme === "cavage" || row.key_id === keyId),
  );
  return former === undefined
    ? taken(parts, claim, found.verdict, found.key)
    : changed(parts, claim, former, found.key);
}
