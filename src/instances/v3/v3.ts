import type { Generation, InstanceParts } from "../parts.ts";
import { createV3Way, recipientActions, recipientRoutes, takeRequest } from "./recipient.ts";
import { sharerActions, sharerRoutes, sharerShared, sharerStep } from "./sharer.ts";

/** Sharings of today's cozy-stack (reference/cozy.md, section 7). */
export function createV3(parts: InstanceParts): Generation {
  return {
    routes: [...recipientRoutes(parts), ...sharerRoutes(parts)],
    shared: {
      "PUT /sharings/:id": async (request) => takeRequest(parts, request),
      ...sharerShared(parts),
    },
    way: createV3Way(parts),
    tellMember: async (step, signal) => sharerStep(step, parts, signal),
    actions: { v3: { ...sharerActions(parts), ...recipientActions(parts) } },
  };
}
