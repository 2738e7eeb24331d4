import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { refusalSchema } from "../refusal.ts";
import { showAccept, takeAccept } from "./accept-page.ts";
import { takeAccepted } from "./take-accepted.ts";
import { showWayf, takeWayf } from "./wayf-page.ts";

/** Where invitations are accepted, by servers and by people. */
export function inviteRoutes(parts: FederationParts): readonly SiteRoute[] {
  const page = { operation: null } as const;
  return [
    accepted("/ocm/invite-accepted", accepting, parts),
    // As ocm-stub posts (reference/ocm.md 6.3).
    accepted("/ocm/invites/accept", null, parts),
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

function accepted(path: string, operation: PeerOperation | null, parts: FederationParts): SiteRoute {
  return {
    method: "POST",
    path,
    operation,
    bodyBytes: limits.ocmBodyBytes,
    takesBytes: true,
    answer: async (request) => takeAccepted(parts, request),
  };
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
