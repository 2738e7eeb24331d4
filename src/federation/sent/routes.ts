import type { SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { relayRoutes } from "./relay.ts";
import { tokenRoute } from "./token.ts";

/** What peers open of sent shares: the token endpoint and WebDAV. */
export function sentRoutes(parts: FederationParts): readonly SiteRoute[] {
  return [tokenRoute(parts), ...relayRoutes(parts)];
}
