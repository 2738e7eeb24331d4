import { recipientAfter } from "../../domain/recipient.ts";
import type { GivenInvite } from "../../store/ocm-invites.ts";

/** Where an invitation stands, for people. */
export type InviteState = "open" | "accepted" | "withdrawn" | "expired";

export function inviteState(invite: Pick<GivenInvite, "state" | "expires_at">, nowMs: number): InviteState {
  return invite.state === "open" && invite.expires_at <= nowMs ? "expired" : invite.state;
}

/** Whether it may be accepted: also by somebody who declined its mail, but not by whom the sharing was taken back from. */
export function isAcceptable(invite: GivenInvite, nowMs: number): boolean {
  const { recipient_state: state } = invite;
  if (state !== null && recipientAfter(state, "accepted") !== "accepted") return false;
  return inviteState(invite, nowMs) === "open";
}
