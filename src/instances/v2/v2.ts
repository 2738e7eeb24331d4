import type { Generation, InstanceParts } from "../parts.ts";
import { appRoutes } from "./app-routes.ts";
import { memberStep } from "./member-steps.ts";
import { recipientRoutes } from "./recipient-routes.ts";
import { replicationRoutes } from "./replication-routes.ts";
import { createActions } from "./sharer-actions.ts";
import { sharerRoutes } from "./sharer-routes.ts";
import { createWay } from "./way.ts";

/** Sharings of the platform before cozy-stack (reference/cozy.md, section 4). */
export function createV2(parts: InstanceParts): Generation {
  const actions = createActions(parts);
  return {
    routes: [
      ...recipientRoutes(parts),
      ...replicationRoutes(parts),
      ...sharerRoutes(parts, actions),
      ...appRoutes(parts, actions),
    ],
    shared: {},
    way: createWay(parts),
    tellMember: async (step, signal) => memberStep(step, parts, signal),
    actions: { v2: actions },
  };
}
