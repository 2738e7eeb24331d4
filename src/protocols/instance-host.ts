import type { Follower, NotFollowed } from "./protocol.ts";

/** A Cozy answers sharings in its own name: an account without a host of its own has none. */
export function restrictionWithoutInstance({ instanceUrl }: Follower): NotFollowed | null {
  if (instanceUrl !== null) return null;
  return {
    kind: "no",
    state: "UNSUPPORTED",
    because: "no-instance-host",
    detail:
      "The account has no instance host, in whose name a Cozy sharing is answered; the administrator gives it one: usher account instance NAME HOST",
    isCurable: true,
  };
}
