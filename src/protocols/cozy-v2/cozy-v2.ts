import { restrictionWithoutInstance } from "../instance-host.ts";
import type { FollowWay, Protocol } from "../protocol.ts";

/** Sharings of the platform before cozy-stack, which ask by HTTP and send no mail (reference/cozy.md, section 4). */
export function createCozyV2(way: FollowWay): Protocol {
  return {
    name: "cozy-v2",
    ignoredVariants: [],
    capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: true },
    restriction: (_share, who) => restrictionWithoutInstance(who),
    way: () => ({ via: "usher", way }),
  };
}
