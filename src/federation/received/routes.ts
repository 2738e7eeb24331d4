import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { refusalSchema } from "../refusal.ts";
import { takeNotification } from "./take-notification.ts";
import { takeShare } from "./take-share.ts";

type Take = (parts: FederationParts, request: PeerRequest<null>) => Promise<PeerReply>;

/** Where peers post shares and notifications. */
export function receivedRoutes(parts: FederationParts): readonly SiteRoute[] {
  return [
    posted("/ocm/shares", sharing, takeShare, parts),
    posted("/ocm/notifications", notifying, takeNotification, parts),
  ];
}

/** The bytes as they came: signatures cover them. */
function posted(path: string, operation: PeerOperation, take: Take, parts: FederationParts): SiteRoute {
  return {
    method: "POST",
    path,
    operation,
    bodyBytes: limits.ocmBodyBytes,
    takesBytes: true,
    answer: async (request) => take(parts, request),
  };
}

const text = z.string();

const sharing: PeerOperation = {
  id: "receiveShare",
  summary: "Somebody at another server shares with an account",
  tag: "between clouds",
  security: null,
  body: z.object({
    shareWith: text,
    name: text,
    providerId: text,
    owner: text,
    sender: text,
    shareType: text,
    resourceType: text,
    protocol: z.record(text, z.unknown()),
  }),
  replies: {
    201: {
      description: "Taken; it may wait for the account's answer",
      body: z.object({ recipientDisplayName: text, recipientUserId: text }),
    },
    400: { description: "Not understood, or for nobody here", body: refusalSchema },
    401: { description: "Not signed as it should be", body: refusalSchema },
    403: { description: "Refused by this server's rules", body: refusalSchema },
    429: { description: "Too many wrong requests of this network", body: refusalSchema },
    501: { description: "Share type, resource type or protocol not supported", body: refusalSchema },
    503: { description: "Too many shares wait for this account's answer", body: refusalSchema },
  },
};

const notifying: PeerOperation = {
  id: "receiveNotification",
  summary: "Another server tells what became of a share",
  tag: "between clouds",
  security: null,
  body: z.object({
    notificationType: text,
    resourceType: text,
    providerId: text,
    notification: z.record(text, z.unknown()),
  }),
  replies: {
    201: { description: "Heard", body: z.object({}) },
    400: { description: "Not understood, or of no share that is known here", body: refusalSchema },
    401: { description: "Not signed as it should be", body: refusalSchema },
    429: { description: "Too many wrong requests of this network", body: refusalSchema },
  },
};
