import type { Peer } from "../../protocols/ocm/peer.ts";
import type { FederationGround, PeerAsk, PeerPosted } from "../parts.ts";

/** What is posted where. */
export interface Posting {
  readonly peer: Peer;
  readonly path: string;
  readonly body: object | URLSearchParams;
}

/** A signed POST to a peer; see Peers.post. */
export async function post(_parts: FederationGround, _posting: Posting, _ask: PeerAsk): Promise<PeerPosted> {
  return { kind: "refused", because: "not-asked", detail: "Nobody was asked." };
}
