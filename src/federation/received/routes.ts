import { z } from "zod";
import type { PeerOperation, SiteRoute } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { refusalSchema } from "../refusal.ts";
import { signedPost } from "../signed-post.ts";
import { takeNotification } from "./take-notification.ts";
import { takeShare } from "./take-share.ts";

/** Where peers post shares and notifications. */
export function receivedRoutes(parts: FederationParts): readonly SiteRoute[] {
  return [
    signedPost("/ocm/shares", sharing, takeShare, parts),
    signedPost("/ocm/notifications", notifying, takeNotification, parts),
  ];
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
