import { cozyMemberByClient } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { Access } from "./access.ts";
import type { Writing } from "./write.ts";

/** Whom a document comes from: the member whose OAuth client asks; null for an application of the account. */
export async function senderOf(db: Db, { clientId }: Access): Promise<Writing["from"]> {
  if (clientId === null) return null;
  const member = await cozyMemberByClient(db, clientId);
  return member === undefined ? null : { cozySharingId: member.cozy_sharing_id, memberId: member.id };
}
