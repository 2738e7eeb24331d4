import type { Ask, Follower, FollowWay, NotFollowed, Share, TryLater } from "./protocol.ts";

/** How Usher itself follows public links, and what it finds out about them. */
export interface PublicLinkWay extends Omit<Required<FollowWay>, "refuse"> {
  /** Whether Usher itself follows something under that notification; asks nobody. */
  isFollowing(share: Share, who: Follower): Promise<boolean>;
  /** Whose link it is, and what of it its server is asked with. */
  serverOf(share: Share, ask: Ask): Promise<LinkServer | NotFollowed | TryLater>;
}

/** A public link whose server is known. */
export interface LinkServer {
  readonly kind: "nextcloud" | "owncloud";
  /** Everything before `/index.php/s/` or `/s/`; without a slash at the end. */
  readonly base: string;
  /** Of the link: a secret. */
  readonly token: string;
}
