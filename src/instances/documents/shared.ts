import { concerns, type PermissionRule } from "../../domain/cozy-permissions.ts";
import { documentBodies, type DocumentKey } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf, documentFacts } from "./access.ts";

/** The account's documents that rules are about, folders before what lies in them. */
export async function sharedDocuments(
  db: Db,
  accountId: string,
  rules: readonly PermissionRule[],
): Promise<readonly DocumentKey[]> {
  const found: { readonly key: DocumentKey; readonly depth: number }[] = [];
  for (const doctype of new Set(rules.map(({ type }) => type))) {
    const ofType = rules.filter(({ type }) => type === doctype);
    for (const row of await documentBodies(db, accountId, doctype)) {
      const key = { accountId, doctype, id: row.document_id };
      const facts = await documentFacts(db, key, bodyOf(row));
      if (ofType.some((rule) => concerns(rule, facts))) found.push({ key, depth: facts.folders.length });
    }
  }
  return found.toSorted((one, other) => one.depth - other.depth).map(({ key }) => key);
}
