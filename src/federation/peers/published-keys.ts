import { limits } from "../../domain/limits.ts";
import type { OutboundResponse } from "../../http/outbound.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { type PeerJwk, readJwks, readRsaPem } from "../../protocols/ocm/signatures/jwk.ts";
import type { SignatureScheme } from "../../protocols/ocm/signatures/signed-request.ts";
import type { PeerKey } from "../../protocols/ocm/signatures/verify.ts";
import { outdateDiscovery } from "../../store/ocm-refusals.ts";
import type { FederationGround, Peers } from "../parts.ts";
import { recorded, refusedBy } from "../recorded.ts";
import { type Trouble, trouble } from "../trouble.ts";

export type LookUpParts = Pick<FederationGround, "store" | "http"> & Pick<Peers, "discover">;

/** The key that a request names. */
export interface NamedKey {
  readonly host: string;
  readonly scheme: SignatureScheme;
  readonly keyId: string;
}

/** What a peer publishes under the name of a key. */
export type Published =
  | { readonly kind: "key"; readonly key: PeerKey }
  /** It publishes keys for this way of signing, but none of that name. */
  | { readonly kind: "other-keys" }
  /** It publishes none that could be used for this way of signing. `mustSign` says that it signs all the same. */
  | { readonly kind: "no-keys"; readonly mustSign: boolean }
  | { readonly kind: "not-reached"; readonly detail: string };

/**
 * Looks a key up in a peer's discovery or key set. `isAgain` looks anew where the last look is more than a few minutes old:
 * whoever signs in a peer's name cannot let Usher ask it with each request.
 */
export type LookUp = (named: NamedKey, isAgain: boolean, ask: Ask) => Promise<Published>;

interface KeySet {
  readonly askedAtMs: number;
  /** Null where it could not be fetched or read. */
  readonly keys: readonly PeerJwk[] | null;
}

export function createLookUp(parts: LookUpParts): LookUp {
  const sets = new Map<string, KeySet>();
  return async (named, isAgain, ask) => {
    const { host } = named;
    if (isAgain) await outdateDiscovery(parts.store.db, host, Date.now() - limits.ocmDiscoveryPauseMs);
    const found = await parts.discover(host, ask);
    if (found.kind !== "peer") return { kind: "not-reached", detail: found.detail };
    if (named.scheme === "cavage") return cavageKey(found.peer);
    const uri = jwksUriOf(found.peer);
    if (uri === null) return { kind: "no-keys", mustSign: mustSign(found.peer) };
    const { keys } = await keySet(uri, isAgain, ask);
    if (keys === null)
      return { kind: "not-reached", detail: `The key set ${uri} could not be fetched or read.` };
    const jwk = keys.find(({ kid }) => kid === named.keyId);
    return jwk === undefined ? { kind: "other-keys" } : { kind: "key", key: { scheme: "rfc9421", jwk } };
  };

  async function keySet(uri: string, isAgain: boolean, ask: Ask): Promise<KeySet> {
    const known = sets.get(uri);
    const isShort = isAgain || known?.keys === null;
    const keptMs = isShort ? limits.ocmDiscoveryPauseMs : limits.ocmDiscoveryMs;
    if (known !== undefined && Date.now() - known.askedAtMs < keptMs) return known;
    const set = { askedAtMs: Date.now(), keys: await fetchKeys(parts, uri, ask) };
    sets.delete(uri);
    sets.set(uri, set);
    for (const oldest of sets.keys().take(Math.max(0, sets.size - limits.ocmKeySets))) sets.delete(oldest);
    return set;
  }
}

/** Whether a peer says of itself that it signs what it sends. */
export function mustSign({ capabilities, criteria }: Peer): boolean {
  return capabilities.has("http-sig") || criteria.has("must-use-http-sig");
}

function cavageKey(peer: Peer): Published {
  const { publicKey } = peer;
  const read = publicKey === null ? null : readRsaPem(publicKey.pem);
  if (publicKey === null || read === null || !("key" in read))
    return { kind: "no-keys", mustSign: mustSign(peer) };
  return { kind: "key", key: { scheme: "cavage", keyId: publicKey.keyId, key: read.key } };
}

/** Of the peer's own authority alone; where it names none, the fixed place of draft-05 (reference/ocm.md 4.1). */
function jwksUriOf({ origin, jwksUri, capabilities }: Peer): string | null {
  if (jwksUri !== null) return URL.parse(jwksUri)?.origin === origin ? jwksUri : null;
  return capabilities.has("http-sig") ? `${origin}/.well-known/jwks.json` : null;
}

async function fetchKeys({ http }: LookUpParts, url: string, ask: Ask): Promise<readonly PeerJwk[] | null> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const found = await recorded(
    { what: "fetch signing keys", method: "GET", url },
    ask,
    async () => http.request({ url, method: "GET", headers, signal: ask.signal }),
    readKeys,
  );
  return found.kind === "keys" ? found.keys : null;
}

function readKeys({ status, text }: OutboundResponse): { kind: "keys"; keys: readonly PeerJwk[] } | Trouble {
  if (status !== 200) return refusedBy(status);
  const set = text.length <= limits.ocmDiscoveryBytes ? readJwks(jsonIn(text)) : null;
  return set === null ? trouble("answer-not-understood") : { kind: "keys", keys: set.keys };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
