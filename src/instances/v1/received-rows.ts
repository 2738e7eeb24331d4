import { randomBytes } from "node:crypto";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { permissionMap, type PermissionRule } from "../../domain/cozy-permissions.ts";
import type { CozyV1Link } from "../../protocols/cozy-v1/link.ts";
import { readRequestLink } from "../../protocols/cozy-v1/received-links.ts";
import type { Follower } from "../../protocols/protocol.ts";
import { bindCozyClient, deleteCozyClient, deleteCozyClientsOf } from "../../store/cozy-clients.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  cozySharingByShareId,
  type CozySharingRow,
  hashOf,
  insertCozySharing,
  sealShareId,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import { findByShare } from "../../store/notifications.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";
import { noCredentials } from "./credentials.ts";
import { isBothWays } from "./sharer-members.ts";

/**
 * The account's copy of somebody's sharing, and the sharer as its only member. His `inbound_client_id` is his OAuth client here
 * (host_client_id of reference/cozy.md 5.2), `client_sealed` the account's at his Cozy; `secret_sealed` is a code of his that is
 * to be exchanged.
 */
export interface Received {
  readonly sharing: CozySharingRow;
  readonly sharer: CozyMemberRow;
}

export type Generation = "v1a" | "v1b";

/** Null where the account was not invited to it, also where it shares it itself. */
export async function readReceived(
  db: Db,
  accountId: string,
  generation: Generation,
  shareId: string,
): Promise<Received | null> {
  const sharing = await cozySharingByShareId(db, accountId, generation, shareId);
  return sharing === undefined ? null : receivedOf(db, sharing);
}

/** The copy of what a link is about; null where there is none, or where the link is for another Cozy. */
export async function receivedBehind(db: Db, link: CozyV1Link, who: Follower): Promise<Received | null> {
  if (link.variant === "request" && readRequestLink(link.href)?.at !== who.instanceUrl) return null;
  return readReceived(db, who.accountId, link.variant === "sharecode" ? "v1b" : "v1a", link.shareId);
}

export async function receivedOf(db: Db, sharing: CozySharingRow): Promise<Received | null> {
  if (sharing.is_owner === 1) return null;
  const [sharer] = await cozyMembersOf(db, sharing.id);
  return sharer === undefined ? null : { sharing, sharer };
}

/** An invitation that the account answers with yes. */
export interface Invited {
  readonly accountId: string;
  readonly generation: Generation;
  /** The sharing_id, or the id of the document: in v1a a secret. */
  readonly shareId: string;
  /** `https://host[:port]`. */
  readonly sharerUrl: string;
  /** His OAuth client here. */
  readonly clientId: string;
  readonly sharingType: string;
  readonly appSlug: string;
  readonly rules: readonly PermissionRule[];
}

/**
 * Keeps the copy before anything is answered, over an older one of the same sharing; another client that the sharer had for it
 * here goes. What is accepted and has not ended is left as it is.
 */
export async function keepInvited(
  db: Db,
  invited: Invited,
  parts: Pick<InstanceParts, "newId" | "sealer">,
): Promise<Received> {
  const known = await readReceived(db, invited.accountId, invited.generation, invited.shareId);
  if (known !== null && known.sharing.is_active === 1) return known;
  const sharingId = known?.sharing.id ?? parts.newId("x");
  const columns = columnsOf(invited, await notificationOf(db, invited));
  if (known === null) await insert(db, invited, { id: sharingId, ...columns }, parts);
  else await renew(db, invited, known, columns);
  await bindCozyClient(db, invited.clientId, sharingId);
  await deleteCozyClientsOf(db, sharingId, invited.clientId);
  const kept = await readReceived(db, invited.accountId, invited.generation, invited.shareId);
  if (kept === null) throw new Error("A sharing that was kept is gone.");
  return kept;
}

async function notificationOf(db: Db, { accountId, sharerUrl, shareId }: Invited): Promise<string | null> {
  const key = { accountId, protocol: "cozy-v1", origin: sharerUrl, shareKey: hashOf(shareId) } as const;
  return (await findByShare(db, key))?.id ?? null;
}

type Columns = ReturnType<typeof columnsOf>;

async function insert(
  db: Db,
  invited: Invited,
  columns: Columns & { readonly id: string },
  { newId, sealer }: Pick<InstanceParts, "newId" | "sealer">,
): Promise<void> {
  const { accountId, generation, shareId } = invited;
  const { id } = columns;
  const nowMs = Date.now();
  const sharing = {
    ...columns,
    account_id: accountId,
    generation,
    is_owner: 0,
    document_id: generation === "v1b" ? shareId : randomBytes(16).toString("hex"),
    share_key: hashOf(shareId),
    share_id_sealed: sealShareId(sealer, id, shareId),
    description: null,
    preview_path: null,
    attributes_json: "{}",
    is_active: 0,
    revoked_at: null,
    sharing_id: null,
    revision: 1,
    created_at: nowMs,
    updated_at: nowMs,
  };
  const nobody = { contact_id: null, recipient_id: null, name: null, public_name: null, address: null };
  const closed = { ...noCredentials, secret_hash: null, secret_sealed: null, replication_id: null };
  const sharer = { ...nobody, ...closed, ...sharerColumns(invited), is_read_only: 0, updated_at: nowMs };
  await insertCozySharing(db, sharing, [{ id: newId("y"), cozy_sharing_id: id, place: 0, ...sharer }]);
}

/** Who invites again after an end begins anew; who is only asked again keeps the client that he was given. */
async function renew(
  db: Db,
  invited: Invited,
  { sharing, sharer }: Received,
  columns: Columns,
): Promise<void> {
  const isAnew = sharing.revoked_at !== null || sharer.instance_url !== invited.sharerUrl;
  await updateCozySharing(db, sharing.id, { ...columns, revoked_at: null });
  const fresh = isAnew ? { ...noCredentials, secret_sealed: null } : {};
  await updateCozyMember(db, sharer.id, { ...fresh, ...sharerColumns(invited) });
}

function columnsOf({ sharingType, appSlug, rules }: Invited, notificationId: string | null) {
  return {
    notification_id: notificationId,
    sharing_type: sharingType,
    app_slug: oneLine(appSlug, limits.nameChars) || null,
    rules_json: JSON.stringify(permissionMap(rules)),
  };
}

function sharerColumns({ sharerUrl, clientId }: Invited) {
  return { instance_url: sharerUrl, inbound_client_id: clientId, status: "pending", error: null };
}

/** Whether the sharer's code is still to come, or to be exchanged: before that he cannot be told of an end (reference/cozy.md 5.5). */
export function awaitsCode({ sharing, sharer }: Received): boolean {
  const isRegistered = sharer.client_sealed !== null && sharer.token_sealed === null;
  return sharing.generation === "v1a" && isBothWays(sharing) && isRegistered;
}

/** Nothing of the sharer's is taken any more. What he has to hear of it is kept until he was told. */
export async function closeReceived(db: Db, received: Received): Promise<void> {
  const { sharing, sharer } = received;
  if (sharer.inbound_client_id !== null) await deleteCozyClient(db, sharer.inbound_client_id);
  await deleteCozyClientsOf(db, sharing.id, null);
  const code = awaitsCode(received) ? {} : { secret_sealed: null };
  await updateCozyMember(db, sharer.id, { status: "revoked", ...code });
  await updateCozySharing(db, sharing.id, { is_active: 0, revoked_at: sharing.revoked_at ?? Date.now() });
}

/** The sharer knows: what opened his Cozy is of no use. */
export async function forgetSharer(db: Db, { sharer }: Received): Promise<void> {
  await updateCozyMember(db, sharer.id, { ...noCredentials, error: null });
}
