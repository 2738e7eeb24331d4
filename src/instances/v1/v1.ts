import { noWay } from "../../protocols/no-way.ts";
import { cannotTell } from "../cannot-tell.ts";
import type { Generation, InstanceParts } from "../parts.ts";

/** Sharings of cozy-stack before March 2018 (reference/cozy.md, sections 5 and 6). */
export function createV1(_parts: InstanceParts): Generation {
  return { routes: [], shared: {}, way: noWay, tellMember: cannotTell, actions: {} };
}
