import { type DocumentBody, filesType, folderOf } from "../../domain/cozy-document.ts";
import { concerns } from "../../domain/cozy-permissions.ts";
import { limits } from "../../domain/limits.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import { permissionOf, readRule } from "../../protocols/cozy/create-request.ts";
import { namesIds, writeReplicated } from "../../protocols/cozy/owner-wire.ts";
import type { WireRule } from "../../protocols/cozy/wire.ts";
import { xorId } from "../../protocols/cozy/xor-id.ts";
import { type CozyDocumentRow, type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf, documentFacts } from "../documents/access.ts";

/** The rules of a sharing as permissions ask about documents. */
export function permissionsOf(rules: readonly WireRule[]) {
  return rules
    .filter(({ local }) => !local)
    .flatMap((rule) => {
      const read = readRule(rule);
      return read === null ? [] : [permissionOf(read)];
    });
}

/** Whether the rules are about a document with this body. */
export async function isShared(
  db: Db,
  key: DocumentKey,
  body: DocumentBody,
  rules: readonly WireRule[],
): Promise<boolean> {
  const facts = await documentFacts(db, key, body);
  return permissionsOf(rules).some((rule) => concerns(rule, facts));
}

/** A document with the shared folders above it, the topmost first: who does not have those cannot place it. */
export async function withFolders(
  db: Db,
  row: CozyDocumentRow,
  rules: readonly WireRule[],
): Promise<readonly CozyDocumentRow[]> {
  const chain = [row];
  const { account_id: accountId, doctype } = row;
  for (let above = folderOf(doctype, bodyOf(row)); above !== null && chain.length <= limits.cozyFolders;) {
    const folder = await readDocument(db, { accountId, doctype, id: above });
    const body = folder === undefined ? {} : bodyOf(folder);
    if (folder === undefined || folder.is_deleted === 1) break;
    if (!(await isShared(db, { accountId, doctype, id: above }, body, rules))) break;
    chain.unshift(folder);
    above = folderOf(doctype, body);
  }
  return chain;
}

/**
 * A document as a member gets it: with his ids, and without what is nobody's business but this Cozy's: where a shared root lies,
 * and what else refers to it. What the rules are not about any more is deleted for him.
 */
export function documentFor(
  row: CozyDocumentRow,
  {
    key,
    rules,
    isDeleted,
  }: { readonly key: Uint8Array; readonly rules: readonly WireRule[]; readonly isDeleted: boolean },
): object {
  const { doctype, document_id: id, revision, ancestors } = row;
  const { dir_id: _, referenced_by: references, path: __, ...rest } = bodyOf(row);
  const folder = folderOf(doctype, bodyOf(row));
  const told = toldReferences(references, rules);
  return writeReplicated({
    id: xorId(id, key),
    revision,
    ancestors: ancestors.split(" ").filter((each) => each !== ""),
    isDeleted,
    body: {
      ...(doctype === filesType ? rest : { ...rest, ...ownFields(bodyOf(row)) }),
      ...(folder === null || isRoot({ doctype, id }, rules) ? {} : { dir_id: xorId(folder, key) }),
      ...(told.length === 0 ? {} : { referenced_by: told }),
    },
  });
}

/** Fields that mean a place only in files. */
function ownFields(body: DocumentBody): DocumentBody {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name === "dir_id" || name === "path"));
}

function toldReferences(references: unknown, rules: readonly WireRule[]): readonly JsonObject[] {
  const shared = new Set(
    rules.filter(({ selector }) => selector === "referenced_by").flatMap(({ values }) => values),
  );
  return listOf(references).filter(({ type, id }) => shared.has(`${String(type)}/${String(id)}`));
}

/**
 * What a member's document keeps of the one that stands here, because the member was not told of it: where a shared root lies,
 * and what else refers to it.
 */
export function keptFields(
  { doctype, id }: { readonly doctype: string; readonly id: string },
  known: DocumentBody,
  { sent, rules }: { readonly sent: DocumentBody; readonly rules: readonly WireRule[] },
): DocumentBody {
  if (doctype !== filesType) return {};
  const { dir_id: folder, path, referenced_by: references } = known;
  const untold = listOf(references).filter((each) => !toldReferences([each], rules).includes(each));
  const all = [...toldReferences(sent["referenced_by"], rules), ...untold];
  return {
    ...(isRoot({ doctype, id }, rules) ? { dir_id: folder } : {}),
    ...(path === undefined ? {} : { path }),
    ...(all.length === 0 ? {} : { referenced_by: all }),
  };
}

function isRoot(
  { doctype, id }: { readonly doctype: string; readonly id: string },
  rules: readonly WireRule[],
): boolean {
  return rules.some((rule) => namesIds(rule) && rule.doctype === doctype && rule.values.includes(id));
}

function listOf(references: unknown): readonly JsonObject[] {
  return Array.isArray(references) ? references.filter(isObject) : [];
}
