import { createAcceptInvite } from "./invites/accept-invite.ts";
import { inviteRoutes } from "./invites/routes.ts";
import type { Federation, FederationGround, FederationParts } from "./parts.ts";
import { createPeers } from "./peers/peers.ts";
import { siteRoutes } from "./peers/routes.ts";
import { createPublicLink } from "./public-link/way.ts";
import { receivedRoutes } from "./received/routes.ts";
import { createReceived } from "./received/way.ts";
import { sentRoutes } from "./sent/routes.ts";
import { createTellPeer } from "./sent/tell-peer.ts";
import { createSweepFederation } from "./sweep.ts";

/** What the site serves and does as a server of Open Cloud Mesh. */
export function createFederation(ground: FederationGround): Federation {
  const parts: FederationParts = { ...ground, peers: createPeers(ground) };
  const received = createReceived(parts);
  return {
    routes: [...siteRoutes(parts), ...receivedRoutes(parts), ...inviteRoutes(parts), ...sentRoutes(parts)],
    ways: {
      invite: createAcceptInvite(parts),
      received,
      publicLink: createPublicLink(parts, received),
    },
    workers: { "tell-peer": createTellPeer(parts), "sweep-federation": createSweepFederation(parts) },
  };
}
