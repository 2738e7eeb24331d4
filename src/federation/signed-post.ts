import { limits } from "../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, SiteRoute } from "../http/peer-route.ts";
import type { FederationParts } from "./parts.ts";

/** What answers what a peer posted. */
type Take = (parts: FederationParts, request: PeerRequest<null>) => Promise<PeerReply>;

/** A route that peers post to; it is given the bytes as they came, because signatures cover them. */
export function signedPost(
  path: string,
  operation: PeerOperation | null,
  take: Take,
  parts: FederationParts,
): SiteRoute {
  return {
    method: "POST",
    path,
    operation,
    bodyBytes: limits.ocmBodyBytes,
    takesBytes: true,
    answer: async (request) => take(parts, request),
  };
}
