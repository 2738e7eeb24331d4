import type { FollowWay, Protocol } from "./protocol.ts";

/** How what Open Cloud Mesh brings is followed by Usher itself. */
export interface OcmWays {
  /** Accepts an invitation: the contact is recorded, nothing lasting stands. */
  readonly invite: FollowWay;
  /** A share that a peer posted to Usher. */
  readonly received: FollowWay;
  /** A public link of Nextcloud or ownCloud. */
  readonly publicLink: FollowWay;
}

/** Shares that another server posted to Usher, beside those that a home server's notice tells of. */
export const postedVariant = "ocm-share";

/** Invitations, federated shares and public links, as the receiving flow sees them. */
export function openCloudMesh(ways: OcmWays): readonly Protocol[] {
  return [
    {
      name: "ocm-invite",
      ignoredVariants: [],
      capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: false, canBrowse: false },
      restriction: () => null,
      way: () => ({ via: "usher", way: ways.invite }),
    },
    {
      name: "federated-share",
      ignoredVariants: [],
      capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: true },
      restriction: () => null,
      way: () => ({ via: "usher", way: ways.received }),
    },
    {
      name: "public-link",
      ignoredVariants: [],
      capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: false, canBrowse: true },
      restriction: () => null,
      way: () => ({ via: "usher", way: ways.publicLink }),
    },
  ];
}
