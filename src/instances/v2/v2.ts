import { noWay } from "../../protocols/no-way.ts";
import { cannotTell } from "../cannot-tell.ts";
import type { Generation, InstanceParts } from "../parts.ts";

/** Sharings of the platform before cozy-stack (reference/cozy.md, section 4). */
export function createV2(_parts: InstanceParts): Generation {
  return { routes: [], shared: {}, way: noWay, tellMember: cannotTell, actions: {} };
}
