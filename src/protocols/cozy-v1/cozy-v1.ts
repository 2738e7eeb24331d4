import { restrictionWithoutInstance } from "../instance-host.ts";
import type { FollowWay, Protocol } from "../protocol.ts";

/** Sharings of cozy-stack before March 2018 (reference/cozy.md, sections 5 and 6). */
export function createCozyV1(way: FollowWay): Protocol {
  return {
    name: "cozy-v1",
    ignoredVariants: [],
    // The rework of late 2017 knows no refusal.
    unrefusableVariants: ["sharecode"],
    capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: true },
    restriction: (_share, who) => restrictionWithoutInstance(who),
    way: () => ({ via: "usher", way }),
  };
}
