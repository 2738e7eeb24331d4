import type { PeerRoute } from "../../http/peer-route.ts";
import type { ApiParts } from "./actions.ts";
import { contactRoutes } from "./contact-routes.ts";
import { destinationRoutes } from "./destination-routes.ts";
import { listingRoutes } from "./listing-routes.ts";
import { recipientRoutes } from "./recipient-routes.ts";
import { sharingRoutes } from "./sharing-routes.ts";

/** The sharings API of an account's applications: its README tells which route is whose. */
export function sharingsApi(parts: ApiParts): readonly PeerRoute[] {
  return [
    ...contactRoutes(parts),
    ...destinationRoutes(parts),
    ...listingRoutes(parts),
    ...recipientRoutes(parts),
    ...sharingRoutes(parts),
  ];
}
