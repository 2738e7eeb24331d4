import { noWay } from "../../protocols/no-way.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { Generation, InstanceParts } from "../parts.ts";
import { sharerActions } from "./sharer-actions.ts";
import { sharerRoutes, sharerShared } from "./sharer-routes.ts";
import { sharerStep } from "./sharer-steps.ts";

/** Sharings of cozy-stack before March 2018 (reference/cozy.md, sections 5 and 6). */
export function createV1(parts: InstanceParts): Generation {
  const sharer = sharerActions(parts);
  const invited: Pick<OwnerActions, "leave" | "endedBySharer"> = {
    leave: async () => {},
    endedBySharer: async () => {},
  };
  return {
    routes: sharerRoutes(parts),
    shared: sharerShared(parts),
    way: noWay,
    tellMember: async (step, signal) => sharerStep(step, parts, signal),
    actions: { v1a: { ...sharer.v1a, ...invited }, v1b: { ...sharer.v1b, ...invited } },
  };
}
