import type { CozyGeneration } from "../store/instance-tables.ts";
import { limits } from "../domain/limits.ts";
import { localeOf } from "../domain/locale.ts";
import { oneLine } from "../domain/one-line.ts";
import { phrasesIn } from "../domain/phrases/phrases.ts";
import type { Instance } from "../http/peer-route.ts";
import { type CozySharingRow, updateCozySharing } from "../store/cozy-sharings.ts";
import { addRecord } from "../store/records.ts";
import { insertSharing, updateSharing } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { InstanceParts } from "./parts.ts";

/** What an account begins to share between Cozys. */
export interface BegunSharing {
  readonly instance: Pick<Instance, "accountId" | "locale" | "url">;
  readonly description: string | null;
  readonly generation: CozyGeneration;
  readonly sharingType: string;
  /** How many are invited. */
  readonly recipients: number;
  /** Who asks, for the record. */
  readonly by: string;
}

/** Makes the `sharing` row by which the owner sees what becomes of it, in the caller's transaction. Gives its id. */
export async function beginOwnSharing(
  db: Db,
  { instance, description, generation, sharingType, recipients, by }: BegunSharing,
  { newId, sealer }: Pick<InstanceParts, "newId" | "sealer">,
): Promise<string> {
  const id = newId("h");
  const title = description ?? phrasesIn(localeOf(instance.locale)).unnamed.other;
  await insertSharing(db, {
    id,
    account_id: instance.accountId,
    title: oneLine(title, limits.titleChars),
    // Each member who is mailed has a link of his own.
    link_sealed: sealer.seal(instance.url, { table: "sharing", row: id, column: "link_sealed" }),
    message: null,
    created_at: Date.now(),
    expires_at: null,
    revoked_at: null,
  });
  await addRecord(db, { accountId: instance.accountId, sharingId: id }, "decision", {
    action: "share",
    by,
    generation,
    sharingType,
    recipients,
  });
  return id;
}

/** Who took it back, for the sharing's story. */
export async function recordEnd(
  db: Db,
  { account_id: accountId, sharing_id: sharingId }: CozySharingRow,
  end: { readonly by: string; readonly isWhole: boolean },
): Promise<void> {
  if (sharingId !== null)
    await addRecord(db, { accountId, sharingId }, "decision", { action: "revoked", ...end });
}

/** The owner's sharing has ended: it is active no more, and its mails invite nobody. In the caller's transaction. */
export async function endOwnSharing(db: Db, sharing: CozySharingRow): Promise<void> {
  const nowMs = Date.now();
  await updateCozySharing(db, sharing.id, { is_active: 0, revoked_at: sharing.revoked_at ?? nowMs });
  if (sharing.sharing_id !== null) await updateSharing(db, sharing.sharing_id, { revoked_at: nowMs });
}
