import type { FollowWay, TryLater } from "./protocol.ts";
import type { PublicLinkWay } from "./public-link-way.ts";

const later: TryLater = {
  kind: "try-later",
  because: "no-way-out",
  detail: "Other servers are asked by the daemon alone; start usher serve.",
  retryAfterMs: null,
};

/** The way of a program that only decides and plans: it asks nobody. */
export const noWay: Required<FollowWay> & PublicLinkWay = {
  follow: async () => later,
  check: async () => later,
  leave: async () => later,
  refuse: async () => later,
  browse: async () => later,
  open: async () => later,
  isFollowing: async () => false,
  serverOf: async () => later,
};
