import { createGuardedClient } from "./http/guarded-client.ts";
import { createFederation } from "./federation/federation.ts";
import { federationGround } from "./federation-ground.ts";
import type { HttpLimits } from "./http/http-limits.ts";
import type { PeerRoute, SiteRoute } from "./http/peer-route.ts";
import { instanceParts } from "./instance-parts.ts";
import { createInstances } from "./instances/instances.ts";
import { type HomeTested, testHome } from "./protocols/home-test.ts";
import type { Ask, FollowerHome } from "./protocols/protocol.ts";
import { createProtocols } from "./protocols/protocols.ts";
import { createCheck } from "./receiving/check.ts";
import { createFollow } from "./receiving/follow.ts";
import { createLeave } from "./receiving/leave.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { createRefuse } from "./receiving/refuse.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";

/** What speaks with origins, home servers and other Cozys. */
export interface Origins extends Room {
  /** The receiving flow with a way out; all who use it keep the bounds of each origin together. */
  readonly parts: ReceivingParts;
  /** Whether a home server takes login and password, and answers as its kind does. */
  readonly testHome: (home: FollowerHome, ask: Ask) => Promise<HomeTested>;
  /** What accounts' instance hosts serve. */
  readonly routes: readonly PeerRoute[];
  /** What the site serves to other servers. */
  readonly federationRoutes: readonly SiteRoute[];
}

/** Everything that reaches origins, home servers and other Cozys, behind the outgoing guard; tests give it shorter limits. */
export function createOrigins(
  site: Site,
  current: CurrentConfig,
  httpLimits: Partial<HttpLimits> = {},
): Origins {
  const http = createGuardedClient({
    limits: httpLimits,
    settings: () => current().outbound,
    log: ({ kind, host, reason, code }) => site.log.info(`outbound-${kind}`, { host, reason, code }),
  });
  // Instance hosts judge what is announced to them as mails are judged, and the flow that judges follows through them.
  const instances = createInstances(instanceParts(site, current, { http, receiving: () => parts }));
  const federation = createFederation(federationGround(site, current, { http, receiving: () => parts }));
  const protocols = createProtocols(
    {
      http,
      userAgent: () => current().outbound.userAgent,
      addressRules: () => current().addresses,
    },
    { cozy: instances.ways, ocm: federation.ways },
  );
  const parts: ReceivingParts = receivingParts(site, protocols, current);
  return {
    parts,
    testHome: async (home, ask) =>
      testHome({ http, userAgent: () => current().outbound.userAgent }, home, ask),
    routes: instances.routes,
    federationRoutes: federation.routes,
    workers: {
      follow: createFollow(parts),
      "check-subscription": createCheck(parts),
      leave: createLeave(parts),
      refuse: createRefuse(parts),
      ...instances.workers,
      ...federation.workers,
    },
    [Symbol.asyncDispose]: async () => http[Symbol.asyncDispose](),
  };
}
