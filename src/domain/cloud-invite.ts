import { recipientAfter, type RecipientState } from "./recipient.ts";

/** Where an invitation of Open Cloud Mesh that an account gave stands, for people. */
export const inviteStates = ["open", "accepted", "withdrawn", "expired"] as const;
export type InviteState = (typeof inviteStates)[number];

interface Standing {
  /** As it is kept: open also when its time is over. */
  readonly kept: Exclude<InviteState, "expired">;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export function inviteState({ kept, expiresAtMs }: Standing, nowMs: number): InviteState {
  return kept === "open" && expiresAtMs <= nowMs ? "expired" : kept;
}

/**
 * Whether it may be accepted: also by somebody who declined its mail, but not by whom the sharing was taken back from. `recipient`:
 * the state of whoever was mailed it; null where nobody was.
 */
export function isAcceptable(
  { recipient, ...standing }: Standing & { readonly recipient: RecipientState | null },
  nowMs: number,
): boolean {
  if (recipient !== null && recipientAfter(recipient, "accepted") !== "accepted") return false;
  return inviteState(standing, nowMs) === "open";
}
