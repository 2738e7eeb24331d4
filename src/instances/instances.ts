import type { PeerRoute } from "../http/peer-route.ts";
import type { Worker } from "../jobs/queue.ts";
import type { CozyWays } from "../protocols/protocols.ts";
import { oauthRoutes } from "./oauth/routes.ts";
import { fileRoutes } from "./documents/file-routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import type { Generation, InstanceParts } from "./parts.ts";
import { sharedRoutes } from "./shared-routes.ts";
import { sharingsApi } from "./sharings-api/routes.ts";
import { createTellMember } from "./tell-member.ts";
import { createV1 } from "./v1/v1.ts";
import { createV2 } from "./v2/v2.ts";
import { createV3 } from "./v3/v3.ts";

/** What accounts' instance hosts serve and do. */
export interface Instances {
  readonly routes: readonly PeerRoute[];
  readonly ways: CozyWays;
  readonly workers: { readonly "tell-member": Worker };
  /** What owners of sharings do, by generation. */
  readonly actions: Generation["actions"];
}

/** All generations of Cozy sharings together. */
export function createInstances(parts: InstanceParts): Instances {
  const v2 = createV2(parts);
  const v1 = createV1(parts);
  const v3 = createV3(parts);
  const actions = { ...v2.actions, ...v1.actions, ...v3.actions };
  return {
    routes: [
      ...documentRoutes(parts),
      ...fileRoutes(parts),
      ...oauthRoutes(parts),
      ...sharedRoutes({ v1, v3 }, parts),
      ...sharingsApi({ ...parts, actions }),
      ...v2.routes,
      ...v1.routes,
      ...v3.routes,
    ],
    ways: { v2: v2.way, v1: v1.way, v3: v3.way },
    workers: { "tell-member": createTellMember(parts, { v2, v1a: v1, v1b: v1, v3 }) },
    actions,
  };
}
