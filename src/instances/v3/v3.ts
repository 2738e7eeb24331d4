import { cannotTell } from "../cannot-tell.ts";
import type { Generation, InstanceParts } from "../parts.ts";
import { createV3Way, recipientRoutes, takeRequest } from "./recipient.ts";

/** Sharings of today's cozy-stack (reference/cozy.md, section 7). */
export function createV3(parts: InstanceParts): Generation {
  return {
    routes: recipientRoutes(parts),
    shared: { "PUT /sharings/:id": async (request) => takeRequest(parts, request) },
    way: createV3Way(parts),
    tellMember: cannotTell,
    actions: {},
  };
}
