import { noWay } from "../../protocols/no-way.ts";
import type { FollowWay } from "../../protocols/protocol.ts";
import type { FederationParts } from "../parts.ts";

/** How accounts accept invitations. */
export function createAcceptInvite(_parts: FederationParts): FollowWay {
  return noWay;
}
