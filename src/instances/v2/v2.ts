import { cannotTell } from "../cannot-tell.ts";
import type { Generation, InstanceParts } from "../parts.ts";
import { recipientRoutes } from "./recipient-routes.ts";
import { replicationRoutes } from "./replication-routes.ts";
import { createWay } from "./way.ts";

/** Sharings of the platform before cozy-stack (reference/cozy.md, section 4). */
export function createV2(parts: InstanceParts): Generation {
  return {
    routes: [...recipientRoutes(parts), ...replicationRoutes(parts)],
    shared: {},
    way: createWay(parts),
    tellMember: cannotTell,
    actions: {},
  };
}
