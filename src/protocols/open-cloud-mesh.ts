import type { OutboundClient } from "../http/outbound.ts";
import { linkAtHome } from "./link-at-home.ts";
import { createNextcloudAtHome } from "./nextcloud/at-home.ts";
import { acceptAtNextcloud } from "./nextcloud/invite-at-home.ts";
import { noWay } from "./no-way.ts";
import { inviteTokenIn } from "./ocm/link.ts";
import { createOpenCloudAtHome } from "./opencloud/at-home.ts";
import { acceptAtOpenCloud } from "./opencloud/invite-at-home.ts";
import type { FollowerHome, FollowWay, NotFollowed, Protocol } from "./protocol.ts";
import type { PublicLinkWay } from "./public-link-way.ts";

/** How what Open Cloud Mesh brings is followed by Usher itself. */
export interface OcmWays {
  /** Accepts an invitation: the contact is recorded, nothing lasting stands. */
  readonly invite: FollowWay;
  /** A share that a peer posted to Usher. */
  readonly received: FollowWay;
  /** A public link of Nextcloud or ownCloud. */
  readonly publicLink: PublicLinkWay;
}

/** Shares that another server posted to Usher, beside those that a home server's notice tells of. */
export const postedVariant = "ocm-share";

/** Invitations, federated shares and public links, as the receiving flow sees them. */
export function openCloudMesh(http: OutboundClient, ways: OcmWays): readonly Protocol[] {
  return [
    invitations(http, ways.invite),
    federatedShares(http, ways.received),
    publicLinks(http, ways.publicLink),
  ];
}

/** Whoever has a server of his own with invitations is known there; ownCloud 10 has none. */
function invitations(http: OutboundClient, byUsher: FollowWay): Protocol {
  return {
    name: "ocm-invite",
    ignoredVariants: [],
    capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: true, canBrowse: false },
    restriction: () => null,
    way: ({ homes }) => {
      const home = homes.find(({ kind }) => kind === "nextcloud" || kind === "opencloud");
      return home === undefined
        ? { via: "usher", way: byUsher }
        : { via: "home", way: acceptingAtHome(http, home) };
    },
  };
}

function acceptingAtHome(http: OutboundClient, home: FollowerHome): FollowWay {
  const accept = home.kind === "nextcloud" ? acceptAtNextcloud : acceptAtOpenCloud;
  const follow: FollowWay["follow"] = async (share, _who, ask) => {
    const token = inviteTokenIn(share.link);
    if (token === null) return noToken;
    return accept(http, home, { token, provider: new URL(share.origin).host }, ask);
  };
  return { follow, check: follow, leave: async () => ({ kind: "left" }) };
}

const noToken: NotFollowed = {
  kind: "no",
  state: "UNRESOLVABLE",
  because: "no-invite-token",
  detail: "What was kept of the invitation holds no token; ask the sender for another.",
};

/** Those that a peer posted to Usher are Usher's; those that a home server's notice tells of are answered there. */
function federatedShares(http: OutboundClient, posted: FollowWay): Protocol {
  return {
    name: "federated-share",
    ignoredVariants: [],
    capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: true, canBrowse: true },
    restriction: ({ variant }, { homes }) =>
      variant === postedVariant || homes.some((kind) => kind !== "ox") ? null : needsHome,
    way: ({ homes }, variant) => {
      if (variant === postedVariant) return { via: "usher", way: posted };
      const home = homes.find(({ kind }) => kind !== "ox");
      return { via: "home", way: home === undefined ? noWay : shareAtHome(http, home) };
    },
  };
}

function shareAtHome(http: OutboundClient, home: FollowerHome): FollowWay {
  return home.kind === "opencloud" ? createOpenCloudAtHome(http, home) : createNextcloudAtHome(http, home);
}

const needsHome: NotFollowed = {
  kind: "no",
  state: "UNSUPPORTED",
  because: "federated-share-needs-home",
  detail:
    "The share waits at the account's own server, and Usher does not know which that is; connect it with `usher account home add`.",
  isCurable: true,
};

/** An account that is at home at a Nextcloud keeps there what a link of another Nextcloud shows. */
function publicLinks(http: OutboundClient, byUsher: PublicLinkWay): Protocol {
  return {
    name: "public-link",
    ignoredVariants: [],
    capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: true, canBrowse: true },
    restriction: ({ variant }) => (variant === "usher-invitation" ? plainLink : null),
    way: ({ homes }) => {
      const home = homes.find(({ kind }) => kind === "nextcloud");
      if (home === undefined) return { via: "usher", way: byUsher };
      const atHome = createNextcloudAtHome(http, home);
      return { via: "home", way: linkAtHome(http, home, { atHome, byUsher }) };
    },
  };
}

/** Anybody can invite to any address of the web with Usher; nothing says what lies behind. */
const plainLink: NotFollowed = {
  kind: "no",
  state: "UNSUPPORTED",
  because: "plain-link",
  detail: "The link is no share that a server could give to another; open it in a browser instead.",
};
