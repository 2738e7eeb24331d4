import { noWay } from "../../protocols/no-way.ts";
import { cannotTell } from "../cannot-tell.ts";
import type { Generation, InstanceParts } from "../parts.ts";

/** Sharings of today's cozy-stack (reference/cozy.md, section 7). */
export function createV3(_parts: InstanceParts): Generation {
  return { routes: [], shared: {}, way: noWay, tellMember: cannotTell, actions: {} };
}
