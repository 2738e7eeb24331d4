import type { SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";

/** Where invitations are accepted, by servers and by people. */
export function inviteRoutes(_parts: FederationParts): readonly SiteRoute[] {
  return [];
}
