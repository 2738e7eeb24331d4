import { randomBytes } from "node:crypto";
import type { AskedSharing } from "../../domain/cozy-request.ts";
import { oneLine } from "../../domain/one-line.ts";
import { limits } from "../../domain/limits.ts";
import { localeOf } from "../../domain/locale.ts";
import { phrasesIn } from "../../domain/phrases/phrases.ts";
import type { Instance } from "../../http/peer-route.ts";
import {
  cozySharingById,
  type CozySharingRow,
  hashOf,
  insertCozySharing,
  sealShareId,
} from "../../store/cozy-sharings.ts";
import { addRecord } from "../../store/records.ts";
import { insertSharing } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { addMember } from "../members.ts";
import { actionsOf, type ApiParts } from "./actions.ts";
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
  const sharingId = parts.newId("h");
  await insertSharing(db, mailedRow(sharingId, wanted, parts));
  const documentId = randomBytes(16).toString("hex");
  await insertCozySharing(
    db,
    rowOf(id, { ...wanted, documentId, sharingId, shareId: actions.newShareId(documentId) }, parts),
    [],
  );
  await addRecord(db, { accountId: instance.accountId, sharingId }, "decision", {
    action: "share",
    by,
    generation: asked.generation,
    sharingType: asked.sharingType,
    recipients: invited.length,
  });
  const sharing = await standing(db, id);
  for (const [place, one] of invited.entries()) {
    await addMember(db, { sharing, ownUrl: instance.url, place: place + 1, invited: one }, actions, parts);
  }
  await actions.invite(db, sharing);
  return standing(db, id);
}

/** What mails to its members are about. */
function mailedRow(id: string, { instance, asked }: NewCozySharing, { sealer }: ApiParts) {
  const title = asked.description ?? phrasesIn(localeOf(instance.locale)).unnamed.other;
  return {
    id,
    account_id: instance.accountId,
    title: oneLine(title, limits.titleChars),
    // Each member has a link of his own.
    link_sealed: sealer.seal(instance.url, { table: "sharing", row: id, column: "link_sealed" }),
    message: null,
    created_at: Date.now(),
    expires_at: null,
    revoked_at: null,
  };
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
