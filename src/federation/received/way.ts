import { noWay } from "../../protocols/no-way.ts";
import type { FollowWay } from "../../protocols/protocol.ts";
import type { FederationParts } from "../parts.ts";

/** How accounts follow shares that peers posted. */
export function createReceived(_parts: FederationParts): FollowWay {
  return noWay;
}
