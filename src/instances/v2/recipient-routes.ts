import { z } from "zod";
import {
  isSecretOf,
  hashOf,
  cozySharingByMemberSecret,
  shareIdOf,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import { limits } from "../../domain/limits.ts";
import type { ShareNotification } from "../../domain/share.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { readBasic, readShareRequest, type ShareRequest } from "../../protocols/cozy-v2/wire.ts";
import type { Db } from "../../store/store.ts";
import { createDailyCounts, type DailyCounts } from "../daily-counts.ts";
import type { InstanceParts } from "../parts.ts";
import { requireSharer } from "./access.ts";
import { moduleOf } from "./module-of.ts";
import { endReceived, keepRequest, type Received, receivedOf } from "./received.ts";
import { success, V2Error, v2Route, wrongCredentials } from "./replies.ts";

/** What sharers' Cozys call at the instance host of somebody invited: the request and the end (reference/cozy.md 4.5). */
export function recipientRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const counts = createDailyCounts();
  return [
    v2Route({ method: "POST", path: "/services/sharing/request", operation: requesting }, async (request) =>
      takeRequest(parts, counts, request),
    ),
    v2Route({ method: "DELETE", path: "/services/sharing", operation: revoking }, async (request) =>
      takeRevocation(parts, request),
    ),
  ];
}

/** A request becomes a notification, as if a mail had brought it that nobody vouches for. */
async function takeRequest(
  parts: InstanceParts,
  counts: DailyCounts,
  request: PeerRequest,
): Promise<PeerReply> {
  const { accountId, accountName, url } = request.instance;
  requirePlace(counts.take(accountId, limits.cozyRequestsPerDay, Date.now()));
  const asked = readShareRequest(request.body, url);
  if (asked === null) throw new V2Error(400, "Bad request");
  requirePlace(counts.take(`${accountId} ${asked.sharerUrl}`, limits.cozyRequestsPerSharer, Date.now()));
  await parts.store.transaction(async (db) => {
    const received = await keepRequest(db, accountId, asked, parts);
    if (received === null) return;
    const { sharing } = received;
    const share = shareOf(asked, received);
    const key = `${sharing.document_id}/${sharing.revision}`;
    const notificationId = await parts.announce(db, { instance: request.instance, share, key });
    await updateCozySharing(db, sharing.id, { notification_id: notificationId });
  });
  parts.tell("sharing-requested", { account: accountName, generation: "v2", sharer: asked.sharerUrl });
  return success;
}

function requirePlace(waitMs: number | null): void {
  if (waitMs === null) return;
  const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  throw new V2Error(429, "Too many requests. Please try later", headers);
}

function shareOf(asked: ShareRequest, { sharing }: Received): ShareNotification {
  return {
    protocol: "cozy-v2",
    variant: "request",
    origin: asked.sharerUrl,
    link: null,
    shareId: asked.shareId,
    recipientKind: "member",
    module: moduleOf(sharing),
    folder: sharing.document_id,
    item: null,
    sharer: { name: asked.sharerName ?? "", address: "" },
    title: asked.desc,
  };
}

/** The sharer ends it: by the token, or by the preToken where it was not answered yet (reference/cozy.md 8.2). */
async function takeRevocation(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const received = (await unanswered(db, request, parts)) ?? (await requireSharer(db, request, parts));
    await endReceived(db, received);
    const { notification_id: notificationId } = received.sharing;
    if (notificationId !== null) await parts.recheck(db, notificationId);
  });
  parts.tell("sharing-ended", { account: request.instance.accountName, generation: "v2", by: "sharer" });
  return success;
}

async function unanswered(db: Db, request: PeerRequest, { sealer }: InstanceParts): Promise<Received | null> {
  const given = readBasic(request.headers["authorization"]);
  if (given === null) throw wrongCredentials(request);
  const { accountId } = request.instance;
  const received = await receivedOf(db, await cozySharingByMemberSecret(db, accountId, "v2", given.password));
  if (received === null) return null;
  return isSecretOf(hashOf(shareIdOf(sealer, received.sharing)), given.login) ? received : null;
}

const tag = "between Cozys, platform 2";
const done = z.object({ success: z.literal(true) });
const failed = z.object({ error: z.string() });
const rule = z.object({ id: z.union([z.string(), z.number()]), docType: z.string() });

const requesting: PeerOperation = {
  id: "requestSharing",
  summary: "A sharer asks; also with the names of the Cozy-sharing document (id, target)",
  tag,
  security: null,
  body: z.looseObject({
    shareID: z.string(),
    sharerUrl: z.string(),
    sharerName: z.string().optional(),
    recipientUrl: z.string(),
    preToken: z.string(),
    rules: z.array(rule),
    desc: z.string(),
  }),
  replies: {
    200: { description: "It waits for the account", body: done },
    400: { description: "It is no request", body: failed },
    429: { description: "Too many requests today", body: failed },
  },
};

const revoking: PeerOperation = {
  id: "endSharing",
  summary: "The sharer ends a sharing; login is the shareID",
  tag,
  security: "basic",
  body: z.looseObject({ recipientUrl: z.string().optional(), desc: z.string().optional() }),
  replies: {
    200: { description: "Its access is gone", body: done },
    401: { description: "No sharing has this id with this token", body: failed },
  },
};
