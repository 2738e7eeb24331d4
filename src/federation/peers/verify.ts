import type { PeerRequest } from "../../http/peer-route.ts";
import type { Ask } from "../../protocols/protocol.ts";
import type { FederationGround, Verified } from "../parts.ts";

export interface Claim {
  readonly request: PeerRequest<null>;
  readonly expectedHost: string;
}

/** Who signed a request; see Peers.verify. */
export async function verify(_parts: FederationGround, _claim: Claim, _ask: Ask): Promise<Verified> {
  return { kind: "unsigned", mustSign: false };
}
