import { randomBytes } from "node:crypto";
import type { Instance } from "../../http/peer-route.ts";
import type { WireRule } from "../../protocols/cozy-v2/wire.ts";
import { documentsWithId } from "../../store/cozy-documents.ts";
import { cozySharingById, hashOf, insertCozySharing, sealShareId } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { addMember } from "../members.ts";
import { beginOwnSharing } from "../own-sharing.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { InstanceParts } from "../parts.ts";
import { isSameType } from "./judge-sent.ts";
import type { NewSharing } from "./new-sharing.ts";
import { V2Error } from "./replies.ts";

interface AskedByApp {
  readonly instance: Instance;
  readonly asked: NewSharing;
  readonly app: string;
  /** Who asks, for the record. */
  readonly by: string;
}

/** Makes a sharing of the account, and plans the requests to its targets. Gives the shareID; throws V2Error 404. */
export async function createSharing(
  db: Db,
  { instance, asked, app, by }: AskedByApp,
  actions: OwnerActions,
  parts: InstanceParts,
): Promise<string> {
  await requireDocuments(db, instance.accountId, asked.rules);
  const [id, documentId, nowMs] = [parts.newId("z"), randomBytes(16).toString("hex"), Date.now()];
  const shareId = actions.newShareId(documentId);
  const sharingType = asked.continuous ? "continuous" : "once";
  const { desc: description, targets } = asked;
  const begun = {
    instance,
    description,
    generation: "v2",
    sharingType,
    recipients: targets.length,
    by,
  } as const;
  const sharingId = await beginOwnSharing(db, begun, parts);
  await insertCozySharing(
    db,
    {
      id,
      account_id: instance.accountId,
      generation: "v2",
      is_owner: 1,
      document_id: documentId,
      share_key: hashOf(shareId),
      share_id_sealed: sealShareId(parts.sealer, id, shareId),
      sharing_type: sharingType,
      description,
      app_slug: app,
      preview_path: null,
      rules_json: JSON.stringify(asked.rules),
      attributes_json: "{}",
      is_active: 0,
      revoked_at: null,
      notification_id: null,
      sharing_id: sharingId,
      revision: 1,
      created_at: nowMs,
      updated_at: nowMs,
    },
    [],
  );
  const sharing = await cozySharingById(db, id);
  if (sharing === undefined) throw new V2Error(500, "The sharing was removed at once");
  const nobody = { contactId: null, name: null, address: null, isReadOnly: false };
  for (const [place, instanceUrl] of targets.entries()) {
    const invited = { ...nobody, instanceUrl };
    await addMember(db, { sharing, ownUrl: instance.url, place, invited }, actions, parts);
  }
  await actions.invite(db, sharing);
  return shareId;
}

/** What is shared has to be there: nothing is made for a sharing of nothing. */
async function requireDocuments(db: Db, accountId: string, rules: readonly WireRule[]): Promise<void> {
  for (const { id, docType } of rules) {
    const rows = await documentsWithId(db, accountId, id);
    const isThere = rows.some((row) => row.is_deleted === 0 && isSameType(row.doctype, docType));
    if (!isThere) throw new V2Error(404, "not_found: missing");
  }
}
