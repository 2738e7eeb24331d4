import {
  filesType,
  folderOf,
  referencesOf,
  settingsType,
  type DocumentBody,
} from "../../domain/cozy-document.ts";
import { propagates } from "../../domain/cozy-propagation.ts";
import { limits } from "../../domain/limits.ts";
import { readRules, type WireRule } from "../../protocols/cozy/wire.ts";
import { type CozyDocumentRow, type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import type { CozyMemberRow, CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { becomesFolderOfOthers, bodyOf, documentFacts } from "../documents/access.ts";
import { isShared } from "./owner-documents.ts";

/** Who sends documents for a sharing: its owner, or in one of the account's own a member. */
export interface Sending {
  readonly sharing: CozySharingRow;
  readonly sender: CozyMemberRow;
}

/** What may become of a document that somebody sends. */
export type Sent =
  | { readonly kind: "open"; readonly known: CozyDocumentRow | undefined }
  /** The rules do not name it, or what stands there came from elsewhere. */
  | { readonly kind: "closed" };

/** Whether a sender may write this document here. */
export async function judgeSent(
  db: Db,
  sharing: CozySharingRow,
  key: DocumentKey,
  document: { readonly body: DocumentBody; readonly isDeleted: boolean },
): Promise<Sent> {
  const judge = sharing.is_owner === 1 ? judgeMembers : judgeOwners;
  return judge(db, sharing, key, document);
}

/**
 * A sharing's owner may write it where the rules name it, or a folder of theirs that it lies in, and
 * nothing of it is the account's own or another sharing's. The rules are the sharer's words: a rule about a folder of the
 * account opens nothing.
 */
async function judgeOwners(
  db: Db,
  sharing: CozySharingRow,
  key: DocumentKey,
  document: { readonly body: DocumentBody; readonly isDeleted: boolean },
): Promise<Sent> {
  if (key.doctype === settingsType) return { kind: "closed" };
  const known = await readDocument(db, key);
  if (known !== undefined && known.received_through !== sharing.id) return { kind: "closed" };
  // What came through the sharing may leave it, too.
  if (known !== undefined && document.isDeleted) return { kind: "open", known };
  const isNamed = await isWithin(db, sharing, key, document.body);
  return isNamed ? { kind: "open", known } : { kind: "closed" };
}

async function isWithin(
  db: Db,
  sharing: CozySharingRow,
  { accountId, doctype, id }: DocumentKey,
  body: DocumentBody,
): Promise<boolean> {
  const rules = rulesOf(sharing).filter((rule) => rule.doctype === doctype && !rule.local);
  if (rules.some((rule) => fits(rule, id, body))) return true;
  if (doctype !== filesType) return false;
  const roots = new Set(rules.filter(({ selector }) => namesIds(selector)).flatMap(({ values }) => values));
  const seen = new Set([id]);
  let above = folderOf(doctype, body);
  while (above !== null && !seen.has(above) && seen.size <= limits.cozyFolders) {
    seen.add(above);
    const folder = await readDocument(db, { accountId, doctype, id: above });
    if (folder !== undefined && folder.received_through !== sharing.id) return false;
    if (roots.has(above)) return true;
    above = folder === undefined ? null : folderOf(doctype, bodyOf(folder));
  }
  return false;
}

/** The rules of a received sharing. */
export function rulesOf({ rules_json: text }: Pick<CozySharingRow, "rules_json">): readonly WireRule[] {
  return readRules(JSON.parse(text));
}

/** No selector means ids (reference/cozy.md 7.1). */
function namesIds(selector: string): boolean {
  return selector === "" || selector === "id";
}

function fits({ selector, values }: WireRule, id: string, body: DocumentBody): boolean {
  if (namesIds(selector)) return values.includes(id);
  if (selector === "referenced_by") return referencesOf(body).some((reference) => values.includes(reference));
  const value = body[selector];
  return typeof value === "string" && values.includes(value);
}

/** A member may write it where the rules sync such a change, of what stands here as of what shall stand here (reference/cozy.md 7.1). */
async function judgeMembers(
  db: Db,
  sharing: CozySharingRow,
  key: DocumentKey,
  { body, isDeleted }: { readonly body: DocumentBody; readonly isDeleted: boolean },
): Promise<Sent> {
  const known = await readDocument(db, key);
  const stands = known?.is_deleted === 0;
  const event = isDeleted ? "DELETED" : stands ? "UPDATED" : "CREATED";
  const about = { generation: "v3", sharingType: "rules", isOwner: false, rules: rulesOf(sharing) } as const;
  const bodies = [...(stands ? [bodyOf(known)] : []), ...(isDeleted ? [] : [body])];
  for (const each of bodies) {
    if (!propagates(about, event, await documentFacts(db, key, each))) return { kind: "closed" };
  }
  if (!isDeleted && (await becomesFolderOfOthers(db, { key, known, after: body }))) return { kind: "closed" };
  return { kind: "open", known };
}

/** Whether a sharing is about what stands here: of the account's own by its rules, else only what came through it. */
export async function isOfSharing(db: Db, sharing: CozySharingRow, row: CozyDocumentRow): Promise<boolean> {
  if (sharing.is_owner === 0) return row.received_through === sharing.id;
  const key = { accountId: row.account_id, doctype: row.doctype, id: row.document_id };
  return isShared(db, key, bodyOf(row), rulesOf(sharing));
}
