import type { FederationGround, Peers } from "../parts.ts";
import { discover } from "./discover.ts";
import { post } from "./post.ts";
import { createVerify } from "./verify.ts";

/** Other servers, behind the outgoing guard. */
export function createPeers(parts: FederationGround): Peers {
  const asking: Pick<Peers, "discover"> = { discover: async (host, ask) => discover(parts, host, ask) };
  return {
    ...asking,
    post: async (peer, path, body, ask) => post(parts, { peer, path, body }, ask),
    verify: createVerify({ ...parts, ...asking }),
  };
}
