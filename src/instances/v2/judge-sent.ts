import { settingsType } from "../../domain/cozy-document.ts";
import type { WireRule } from "../../protocols/cozy-v2/wire.ts";
import { type CozyDocumentRow, documentsWithId } from "../../store/cozy-documents.ts";
import { cozyMembersOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { type Received, rulesOf } from "./received.ts";

/** What a sharer's access opens of one document. */
export type Judged =
  | { readonly kind: "open"; readonly rule: WireRule; readonly known: CozyDocumentRow | undefined }
  /** The rules do not name it, or what stands there is the account's own or somebody else's. */
  | { readonly kind: "closed" };

/**
 * Whether a sharer's access opens a document: a rule names its id and its type. `docType`: what the document itself says; null
 * where it says nothing. The rules are the sharer's words: one that names a document of the account opens nothing.
 */
export async function judgeSent(
  db: Db,
  received: Received,
  { id, docType }: { readonly id: string; readonly docType: string | null },
): Promise<Judged> {
  const rule = rulesOf(received.sharing).find((each) => each.id === id);
  if (rule === undefined || (docType !== null && !isSameType(docType, rule.docType)))
    return { kind: "closed" };
  if (isSameType(rule.docType, settingsType)) return { kind: "closed" };
  const rows = await documentsWithId(db, received.sharing.account_id, id);
  const known = rows.find(({ doctype }) => isSameType(doctype, rule.docType));
  if (known !== undefined && !(await isFromSharer(db, received, known))) return { kind: "closed" };
  return { kind: "open", rule, known };
}

/** The types of platform 2 are compared without regard to case. */
export function isSameType(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** What he shares once more came through an earlier sharing of his. */
async function isFromSharer(
  db: Db,
  { sharing, sharer }: Received,
  { received_through: through }: CozyDocumentRow,
): Promise<boolean> {
  if (through === null) return false;
  if (through === sharing.id) return true;
  const [earlier] = await cozyMembersOf(db, through);
  return earlier !== undefined && earlier.instance_url === sharer.instance_url;
}
