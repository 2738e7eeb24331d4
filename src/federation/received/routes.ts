import type { SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";

/** Where peers post shares and notifications. */
export function receivedRoutes(_parts: FederationParts): readonly SiteRoute[] {
  return [];
}
