import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerReply } from "../../http/peer-route.ts";
import type { CozyDocumentRow } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "../documents/access.ts";
import { type Judged, judgeSent } from "./judge-sent.ts";
import { rulesOf } from "./received.ts";
import type { ReplicationCall } from "./replication-call.ts";
import { V2Error } from "./replies.ts";

/** A document of the rules, as CouchDB shows it. */
export async function showDocument(db: Db, call: ReplicationCall): Promise<PeerReply> {
  const { known } = requireOpen(await judgeSent(db, call.received, { id: call.path, docType: null }));
  return known === undefined || known.is_deleted === 1 ? notFound : { status: 200, body: shown(known) };
}

/** `_all_docs` of named documents; of all there is no list. */
export async function listDocuments(db: Db, { received, request }: ReplicationCall): Promise<PeerReply> {
  const keys = isObject(request.body) ? request.body["keys"] : null;
  if (!Array.isArray(keys) || keys.length > limits.permissionValues)
    throw new V2Error(403, "Forbidden operation");
  const withDocs = request.query.get("include_docs") === "true";
  const rows: object[] = [];
  for (const key of keys.map(String)) {
    const { known } = requireOpen(await judgeSent(db, received, { id: key, docType: null }));
    rows.push(
      known === undefined || known.is_deleted === 1 ? { key, error: "not_found" } : rowOf(known, withDocs),
    );
  }
  return { status: 200, body: { total_rows: rows.length, offset: 0, rows } };
}

function rowOf(row: CozyDocumentRow, withDocs: boolean): object {
  const { document_id: id, revision: rev } = row;
  return { id, key: id, value: { rev }, ...(withDocs ? { doc: shown(row) } : {}) };
}

/** What of the rules stands here. */
export async function showChanges(db: Db, { received }: ReplicationCall): Promise<PeerReply> {
  const results: object[] = [];
  for (const { id } of rulesOf(received.sharing)) {
    const judged = await judgeSent(db, received, { id, docType: null });
    const known = judged.kind === "open" ? judged.known : undefined;
    if (known === undefined) continue;
    const deleted = known.is_deleted === 1 ? { deleted: true } : {};
    results.push({ seq: results.length + 1, id, changes: [{ rev: known.revision }], ...deleted });
  }
  return { status: 200, body: { results, last_seq: results.length } };
}

function shown(row: CozyDocumentRow): object {
  return { ...bodyOf(row), _id: row.document_id, _rev: row.revision };
}

/** Throws V2Error 403: whether the document is there is not told. */
export function requireOpen(judged: Judged): Extract<Judged, { readonly kind: "open" }> {
  if (judged.kind === "open") return judged;
  throw new V2Error(403, "The sharing is not authorized for this document");
}

const notFound: PeerReply = { status: 404, body: { error: "not_found", reason: "missing" } };
