import type { Protocol } from "../protocol.ts";
import { createOxAtHome } from "./at-home.ts";
import { createOxAtOrigin } from "./at-origin.ts";
import type { OxParts } from "./parts.ts";
import { admit } from "./restrictions.ts";

/** OX App Suite as the receiving flow sees it: through the account's own OX server where it has one, else by Usher itself. */
export function createOx(parts: OxParts): Protocol {
  const atOrigin = createOxAtOrigin(parts);
  return {
    name: "ox",
    // An OX guest cannot decline: the origin never learns of a subscription (reference/ox.md 1, point 1).
    ignoredVariants: ["confirm-pwreset"],
    capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: true, canBrowse: true },
    restriction: (share, who) => {
      const admitted = admit(share, who, who.homes.includes("ox") ? "home" : "usher");
      return admitted.kind === "no" ? admitted : null;
    },
    way: ({ homes }) => {
      const home = homes.find(({ kind }) => kind === "ox");
      return home === undefined
        ? { via: "usher", way: atOrigin }
        : { via: "home", way: createOxAtHome({ ...parts, home }) };
    },
  };
}
