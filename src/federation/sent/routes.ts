import type { SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";

/** What peers open of sent shares: the token endpoint and WebDAV. */
export function sentRoutes(_parts: FederationParts): readonly SiteRoute[] {
  return [];
}
