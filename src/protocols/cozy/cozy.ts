import { restrictionWithoutInstance } from "../instance-host.ts";
import type { FollowWay, Protocol } from "../protocol.ts";

/** Sharings of today's cozy-stack, which nobody can refuse (reference/cozy.md, section 7). */
export function createCozy(way: FollowWay): Protocol {
  return {
    name: "cozy",
    ignoredVariants: [],
    capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: false, canBrowse: true },
    restriction: (_share, who) => restrictionWithoutInstance(who),
    way: () => ({ via: "usher", way }),
  };
}
