import { limits } from "../../domain/limits.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { askHome, notUnderstood } from "../home-request.ts";
import { invitationAtHome, type InviteAtHome } from "../invite-at-home.ts";
import type { Ask, FollowerHome, FollowReply } from "../protocol.ts";

/**
 * Accepts an invitation at the account's own OpenCloud or oCIS, which tells the inviter's server (reference/ocm.md 5.1). It knows
 * only servers that its administrator listed, and answers 500 for all others.
 */
export async function acceptAtOpenCloud(
  http: OutboundClient,
  home: FollowerHome,
  { token, provider }: InviteAtHome,
  ask: Ask,
): Promise<FollowReply> {
  const answer = await askHome(
    http,
    home,
    {
      what: "accept invitation at home",
      method: "POST",
      path: "/sciencemesh/accept-invite",
      body: { token, providerDomain: provider },
      // Its answer for a server that is not listed, not a fault.
      answers: [500],
    },
    ask,
  );
  if (answer.kind === "try-later") return answer;
  const place = { home: new URL(home.baseUrl).host, provider: provider.slice(0, limits.nameChars) };
  // 409: it was accepted before.
  if (answer.status === 200 || answer.status === 409) return invitationAtHome("added", place);
  if (answer.status === 500) return invitationAtHome("provider-not-known", place);
  if (answer.status === 400 || answer.status === 404) return invitationAtHome("invitation-over", place);
  return notUnderstood(home);
}
