import { randomBytes } from "node:crypto";
import type { AskedSharing } from "../../domain/cozy-request.ts";
import type { Instance } from "../../http/peer-route.ts";
import {
  cozySharingById,
  type CozySharingRow,
  hashOf,
  insertCozySharing,
  sealShareId,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { addMember } from "../members.ts";
import { beginOwnSharing } from "../own-sharing.ts";
import { actionsOf, type ApiParts } from "./actions.ts";
import { addGroups } from "./groups.ts";
import { findInvited } from "./invited.ts";

export interface NewCozySharing {
  readonly instance: Pick<Instance, "accountId" | "locale" | "url">;
  readonly asked: AskedSharing;
  /** Who asks, for the record. */
  readonly by: string;
}

/**
 * Makes a sharing with its members and plans what asks them, in the caller's transaction. Throws JsonApiError for recipients that
 * are not there, and for a generation that cannot share here.
 */
export async function createCozySharing(
  db: Db,
  wanted: NewCozySharing,
  parts: ApiParts,
): Promise<CozySharingRow> {
  const { instance, asked, by } = wanted;
  const invited = await findInvited(db, instance.accountId, asked);
  const actions = actionsOf(asked.generation, parts);
  const id = parts.newId("z");
  const begun = { ...asked, instance, recipients: invited.length, by };
  const sharingId = await beginOwnSharing(db, begun, parts);
  const documentId = randomBytes(16).toString("hex");
  await insertCozySharing(
    db,
    rowOf(id, { ...wanted, documentId, sharingId, shareId: actions.newShareId(documentId) }, parts),
    [],
  );
  const sharing = await standing(db, id);
  for (const [place, one] of invited.entries()) {
    await addMember(db, { sharing, ownUrl: instance.url, place: place + 1, invited: one }, actions, parts);
  }
  await addGroups(db, { sharing, ownUrl: instance.url }, asked.groups ?? [], parts);
  await actions.invite(db, sharing);
  return standing(db, id);
}

function rowOf(
  id: string,
  {
    instance,
    asked,
    documentId,
    sharingId,
    shareId,
  }: NewCozySharing & { readonly documentId: string; readonly sharingId: string; readonly shareId: string },
  { sealer }: ApiParts,
) {
  const nowMs = Date.now();
  return {
    id,
    account_id: instance.accountId,
    generation: asked.generation,
    is_owner: 1,
    document_id: documentId,
    share_key: hashOf(shareId),
    share_id_sealed: sealShareId(sealer, id, shareId),
    sharing_type: asked.sharingType,
    description: asked.description,
    app_slug: asked.appSlug,
    preview_path: asked.previewPath,
    rules_json: JSON.stringify(asked.rules),
    attributes_json: JSON.stringify(asked.attributes),
    is_active: 0,
    revoked_at: null,
    notification_id: null,
    sharing_id: sharingId,
    revision: 1,
    created_at: nowMs,
    updated_at: nowMs,
  };
}

async function standing(db: Db, id: string): Promise<CozySharingRow> {
  const row = await cozySharingById(db, id);
  if (row === undefined) throw new JsonApiError(500, { detail: "The sharing was removed at once." });
  return row;
}
