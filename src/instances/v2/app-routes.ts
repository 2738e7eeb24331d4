import { z } from "zod";
import { isObject } from "../../domain/json.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { isEmpty } from "../../protocols/cozy-v2/wire.ts";
import { cozyMembersOf, cozySharingByDocument, type CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { OwnerActions } from "../owner-actions.ts";
import { endOwnSharing, recordEnd } from "../own-sharing.ts";
import type { InstanceParts } from "../parts.ts";
import { requireApplication } from "./application.ts";
import { createSharing } from "./create-sharing.ts";
import { readNewSharing } from "./new-sharing.ts";
import { endReceived, receivedByDocument } from "./received.ts";
import { success, V2Error, v2Route } from "./replies.ts";

/** What applications of the account call, as at a data-system of their own (reference/cozy.md 4.4). */
export function appRoutes(parts: InstanceParts, actions: OwnerActions): readonly PeerRoute[] {
  const create = async (request: PeerRequest) => share(parts, actions, request);
  return [
    ...both("POST", "/services/sharing", creating, create),
    ...both("DELETE", "/services/sharing/sharer/:id", ending, async (request) =>
      end(parts, actions, request),
    ),
    ...both("DELETE", "/services/sharing/sharer/:id/:target", endingOne, async (request) =>
      endOne(parts, actions, request),
    ),
    ...both("DELETE", "/services/sharing/target/:id", leaving, async (request) => leave(parts, request)),
    ...both("POST", "/services/sharing/sendAnswer", answering, async (request) => answer(parts, request)),
  ];
}

/** With a slash behind, as the document has it, and without. */
function both(
  method: PeerRoute["method"],
  path: string,
  operation: PeerOperation,
  serve: (request: PeerRequest) => Promise<PeerReply>,
): readonly PeerRoute[] {
  return [
    v2Route({ method, path: `${path}/`, operation }, serve),
    v2Route({ method, path, operation: null }, serve),
  ];
}

/** The requests follow, each by itself: an application hears of a target that cannot be asked in its sharing, not here. */
async function share(parts: InstanceParts, actions: OwnerActions, request: PeerRequest): Promise<PeerReply> {
  const { instance } = request;
  const shareID = await parts.store.transaction(async (db) => {
    const { appSlug, name } = await requireApplication(db, request);
    const read = readNewSharing(request.body);
    if (read.kind === "wrong") throw new V2Error(400, read.error);
    return createSharing(
      db,
      { instance, asked: read.sharing, app: appSlug ?? "", by: `api: ${name}` },
      actions,
      parts,
    );
  });
  return { status: 200, body: { success: true, shareID } };
}

async function end(parts: InstanceParts, actions: OwnerActions, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const { name } = await requireApplication(db, request);
    const sharing = await requireOwned(db, request);
    await recordEnd(db, sharing, { by: `api: ${name}`, isWhole: true });
    await endOwnSharing(db, sharing);
    await actions.revokeAll(db, sharing);
  });
  return success;
}

async function endOne(parts: InstanceParts, actions: OwnerActions, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const { name } = await requireApplication(db, request);
    const sharing = await requireOwned(db, request);
    const url = httpsOrigin(request.params["target"] ?? "");
    const members = await cozyMembersOf(db, sharing.id);
    const member = members.find(({ instance_url: each, status }) => each === url && !over.includes(status));
    if (member === undefined) throw new V2Error(404, "Target not found");
    await recordEnd(db, sharing, { by: `api: ${name}`, isWhole: false });
    await actions.revokeMember(db, sharing, member);
  });
  return success;
}

const over: readonly string[] = ["refused", "revoked"];

async function requireOwned(db: Db, { instance, params }: PeerRequest): Promise<CozySharingRow> {
  const sharing = await cozySharingByDocument(db, instance.accountId, "v2", params["id"] ?? "");
  if (sharing === undefined || sharing.is_owner === 0 || sharing.revoked_at !== null) throw missing();
  return sharing;
}

/** What is followed ends as when the account says so; a request that waits is let go, as nothing was accepted. */
async function leave(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const { name } = await requireApplication(db, request);
    const received = await receivedByDocument(db, request.instance.accountId, request.params["id"] ?? "");
    if (received === null || received.sharing.revoked_at !== null) throw missing();
    const { notification_id: notificationId } = received.sharing;
    const isPlanned = notificationId !== null && (await parts.leave(db, notificationId, `api: ${name}`));
    if (!isPlanned) await endReceived(db, received);
  });
  return success;
}

async function answer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { db } = parts.store;
  const { name } = await requireApplication(db, request);
  const given = isObject(request.body) ? request.body : {};
  const { id, accepted } = given;
  if (isEmpty(id) || typeof id !== "string" || typeof accepted !== "boolean") {
    throw new V2Error(400, "Bad request: body is incomplete");
  }
  const received = await receivedByDocument(db, request.instance.accountId, id);
  const notificationId = received?.sharing.notification_id ?? null;
  if (notificationId === null || received?.sharing.revoked_at !== null) throw missing();
  const why = await parts.answer(notificationId, { accepted, by: `api: ${name}` });
  if (why !== null) throw new V2Error(403, why);
  return success;
}

/** As CouchDB says it. */
function missing(): V2Error {
  return new V2Error(404, "not_found: missing");
}

const tag = "sharing, platform 2";
const done = z.object({ success: z.literal(true) });
const failed = z.object({ error: z.string() });
const replies = {
  200: { description: "It is done here; other Cozys are told", body: done },
  401: { description: "The application has no such token", body: failed },
  403: { description: "The token's permissions do not hold `sharing`", body: failed },
  404: { description: "There is none", body: failed },
};
const rule = z.object({ id: z.union([z.string(), z.number()]), docType: z.string() });

const creating: PeerOperation = {
  id: "shareDocuments",
  summary: "Share documents with other Cozys, by Basic app:token or bearer token",
  tag,
  security: "basic",
  body: z.looseObject({
    desc: z.string().optional(),
    rules: z.array(rule),
    targets: z.array(z.looseObject({ recipientUrl: z.string() })),
    continuous: z.boolean().optional(),
  }),
  replies: {
    ...replies,
    200: { description: "The targets are asked", body: done.extend({ shareID: z.string() }) },
    400: { description: "The sharing object is incomplete", body: failed },
  },
};

const ending: PeerOperation = {
  id: "endSharingOfAll",
  summary: "End a sharing",
  tag,
  security: "basic",
  replies,
};
const endingOne: PeerOperation = {
  id: "endSharingOfTarget",
  summary: "End a sharing for one target, named by its recipientUrl",
  tag,
  security: "basic",
  replies,
};
const leaving: PeerOperation = {
  id: "leaveReceivedSharing",
  summary: "Leave a sharing that the account was invited to, by the id of its own document",
  tag,
  security: "basic",
  replies,
};
const answering: PeerOperation = {
  id: "sendAnswer",
  summary: "Accept or refuse a request, by the id of the account's own document",
  tag,
  security: "basic",
  body: z.object({ id: z.string(), accepted: z.boolean() }),
  replies: { ...replies, 400: { description: "The body is incomplete", body: failed } },
};
