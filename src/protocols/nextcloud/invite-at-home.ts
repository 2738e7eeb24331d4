import { limits } from "../../domain/limits.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { askHome, notUnderstood } from "../home-request.ts";
import type { Ask, FollowerHome, FollowReply } from "../protocol.ts";
import { invitationAtHome, type InviteAtHome } from "../invite-at-home.ts";

/**
 * Accepts an invitation at the account's own Nextcloud, whose contacts app tells the inviter's server (reference/ocm.md 5.1). The
 * route is read in an unreleased version of that app: a Nextcloud without it answers 404.
 */
export async function acceptAtNextcloud(
  http: OutboundClient,
  home: FollowerHome,
  { token, provider }: InviteAtHome,
  ask: Ask,
): Promise<FollowReply> {
  const path = (shown: string): string =>
    `/index.php/apps/contacts/ocm/invitations/${shown}/accept?provider=${encodeURIComponent(provider)}`;
  const request = {
    what: "accept invitation at home",
    method: "PATCH",
    path: path(encodeURIComponent(token)),
    shownPath: path("…"),
    headers: { "ocs-apirequest": "true" },
  } as const;
  const answer = await askHome(http, home, request, ask);
  if (answer.kind === "try-later") return answer;
  const { status } = answer;
  const place = { home: new URL(home.baseUrl).host, provider: provider.slice(0, limits.nameChars) };
  if (status === 409 || (status >= 200 && status < 300)) return invitationAtHome("added", place);
  if (status === 404) return invitationAtHome("home-takes-no-invitations", place);
  return status === 400 ? invitationAtHome("invitation-over", place) : notUnderstood(home);
}
