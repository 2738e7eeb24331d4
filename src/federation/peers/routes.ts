import type { SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";

/** What the site says of itself: discovery and keys. */
export function siteRoutes(_parts: FederationParts): readonly SiteRoute[] {
  return [];
}
