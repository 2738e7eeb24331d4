import type { Ask } from "../../protocols/protocol.ts";
import type { Discovered, FederationGround } from "../parts.ts";

/** What a server says of itself; see Peers.discover. */
export async function discover(_parts: FederationGround, _host: string, _ask: Ask): Promise<Discovered> {
  return { kind: "no-peer", because: "not-asked", detail: "Nobody was asked." };
}
