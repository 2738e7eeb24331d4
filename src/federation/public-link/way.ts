import { noWay } from "../../protocols/no-way.ts";
import type { FollowWay } from "../../protocols/protocol.ts";
import type { FederationParts } from "../parts.ts";

/** How accounts follow public links. */
export function createPublicLink(_parts: FederationParts): FollowWay {
  return noWay;
}
