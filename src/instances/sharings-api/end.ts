import { isSameSet } from "../../domain/cozy-permissions.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  openMember,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { Access } from "../documents/access.ts";
import { JsonApiError } from "../json-api.ts";
import { readClient } from "../oauth/metadata.ts";
import { endOwnSharing, recordEnd } from "../own-sharing.ts";
import { actionsFor, type ApiParts } from "./actions.ts";
import { requireAll, requireOwner, rulesOf } from "./found.ts";

// The ends of a sharing, by role (reference/cozy.md 8.2). What each sharing type asks for is done by its generation.

/** By an application: the owner takes it back from all, somebody invited leaves. By the sharer's Cozy: it ended there. */
export async function endSharing(
  db: Db,
  { access, sharing }: { readonly access: Access; readonly sharing: CozySharingRow },
  parts: ApiParts,
): Promise<void> {
  if (access.kind === "cozy") return endedBySharer(db, { access, sharing }, parts);
  requireAll(access, rulesOf(sharing));
  if (sharing.is_owner === 1) return revokeAll(db, { sharing, by: access.by }, parts);
  await leaveSharing(db, { sharing, by: access.by }, parts);
}

/** The owner takes the whole sharing back. */
export async function revokeAll(
  db: Db,
  { sharing, by }: { readonly sharing: CozySharingRow; readonly by: string },
  parts: ApiParts,
): Promise<void> {
  requireOwner(sharing);
  await recordEnd(db, sharing, { by, isWhole: true });
  await endOwnSharing(db, sharing);
  await actionsFor(sharing, parts).revokeAll(db, sharing);
  parts.tell("sharing-ended", { sharing: sharing.id, by: "owner" });
}

/** The owner takes it back from one member. */
export async function revokeOne(
  db: Db,
  {
    sharing,
    member,
    by,
  }: { readonly sharing: CozySharingRow; readonly member: CozyMemberRow; readonly by: string },
  parts: ApiParts,
): Promise<void> {
  requireOwner(sharing);
  await recordEnd(db, sharing, { by, isWhole: false });
  await actionsFor(sharing, parts).revokeMember(db, sharing, member);
}

/** Somebody invited ends it, the way the account itself does; what he never accepted ends at once. */
export async function leaveSharing(
  db: Db,
  { sharing, by }: { readonly sharing: CozySharingRow; readonly by: string },
  parts: ApiParts,
): Promise<void> {
  if (sharing.is_owner === 1) {
    throw new JsonApiError(400, { detail: "The account shares this itself; revoke it in place of leaving." });
  }
  const { notification_id: notificationId } = sharing;
  const isFollowed = notificationId !== null && (await parts.leave(db, notificationId, by));
  if (!isFollowed) await actionsFor(sharing, parts).leave(db, sharing);
  parts.tell("sharing-ended", { sharing: sharing.id, by: "recipient" });
}

/** Only the OAuth client of the sharer, with a token for exactly these rules; of a drive also the token that came with it. */
async function endedBySharer(
  db: Db,
  { access, sharing }: { readonly access: Access; readonly sharing: CozySharingRow },
  parts: ApiParts,
): Promise<void> {
  const members = await cozyMembersOf(db, sharing.id);
  const isSharer = (members[0] !== undefined && isClientOf(members[0], access)) || isDriveToken(access);
  if (sharing.is_owner === 1 || !isSharer || !isFor(sharing, access)) throw notYours();
  await actionsFor(sharing, parts).endedBySharer(db, sharing);
  parts.tell("sharing-ended", { sharing: sharing.id, by: "sharer" });
}

/** A member's Cozy says that he left. `clientId`: whom the path names. */
export async function endedByMember(
  db: Db,
  {
    access,
    sharing,
    clientId,
  }: { readonly access: Access; readonly sharing: CozySharingRow; readonly clientId: string },
  parts: ApiParts,
): Promise<void> {
  const members = await cozyMembersOf(db, sharing.id);
  const member = members.find((each) => isClientOf(each, access));
  if (sharing.is_owner === 0 || member === undefined || !isNamed(member, clientId, parts)) throw notYours();
  await actionsFor(sharing, parts).memberLeft(db, sharing, member);
  parts.tell("sharing-ended", { sharing: sharing.id, by: "recipient" });
}

/** By his client here, or by this account's at his Cozy: recipients of v1a name that one (reference/cozy.md 8.2). */
function isNamed(member: CozyMemberRow, clientId: string, { sealer }: Pick<ApiParts, "sealer">): boolean {
  if (member.inbound_client_id === clientId) return true;
  const client = openMember(sealer, member, "client_sealed");
  return client !== null && readClient(JSON.parse(client))?.clientId === clientId;
}

function isClientOf({ inbound_client_id: client }: CozyMemberRow, { kind, clientId }: Access): boolean {
  return kind === "cozy" && client !== null && client === clientId;
}

/** What the owner of a drive brought with his request was issued to no client (reference/cozy.md 8.2). */
function isDriveToken({ kind, clientId, cozySharingId }: Access): boolean {
  return kind === "cozy" && clientId === null && cozySharingId !== null;
}

/** v1: the rules of the token are those of the sharing. Later the token names the sharing itself. */
function isFor(sharing: CozySharingRow, { rules, cozySharingId }: Access): boolean {
  if (sharing.generation === "v3") return cozySharingId === sharing.id;
  return isSameSet(rules, rulesOf(sharing));
}

function notYours(): JsonApiError {
  return new JsonApiError(403, { detail: "This token ends nothing here." });
}
