import { z } from "zod";
import type { PeerOperation, SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { refusalSchema } from "../refusal.ts";
import { signedPost } from "../signed-post.ts";
import { showAccept, takeAccept } from "./accept-page.ts";
import { takeAccepted } from "./take-accepted.ts";
import { showWayf, takeWayf } from "./wayf-page.ts";

/** Where invitations are accepted, by servers and by people. */
export function inviteRoutes(parts: FederationParts): readonly SiteRoute[] {
  const page = { operation: null } as const;
  return [
    signedPost("/ocm/invite-accepted", accepting, takeAccepted, parts),
    // As ocm-stub posts (reference/ocm.md 6.3).
    signedPost("/ocm/invites/accept", null, takeAccepted, parts),
    { ...page, method: "GET", path: "/ocm/invite", answer: async (request) => showWayf(parts, request) },
    { ...page, method: "POST", path: "/ocm/invite", answer: async (request) => takeWayf(parts, request) },
    {
      ...page,
      method: "GET",
      path: "/ocm/invite-accept",
      answer: async (request) => showAccept(parts, request),
    },
    {
      ...page,
      method: "POST",
      path: "/ocm/invite-accept",
      answer: async (request) => takeAccept(parts, request),
    },
  ];
}

const text = z.string();

const accepting: PeerOperation = {
  id: "acceptInvite",
  summary: "Somebody at another server accepts an invitation",
  tag: "between clouds",
  security: null,
  body: z.object({ recipientProvider: text, token: text, userID: text, email: text, name: text }),
  replies: {
    200: { description: "Who invited", body: z.object({ userID: text, email: text, name: text }) },
    400: { description: "Not understood, or no invitation that is open", body: refusalSchema },
    403: { description: "The provider is not trusted, or did not sign", body: refusalSchema },
    409: { description: "Somebody else accepted it", body: refusalSchema },
    429: { description: "Too many wrong tokens of this network", body: refusalSchema },
    503: { description: "The provider could not be looked at now", body: refusalSchema },
  },
};
