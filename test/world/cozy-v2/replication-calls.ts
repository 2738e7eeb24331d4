import type { Reply } from "../faulty-answers.ts";
import { whole } from "./couch.ts";
import type { Access, CozyState } from "./state.ts";
import { type CozyRequest, Failure, type Fields, isEmpty, isObject, jsonReply, textOf } from "./wire.ts";

/** CouchDB calls of a sharer below `/replication/`, each held against the rules (reference/cozy.md 4.7). */
export function answerReplication(
  state: CozyState,
  access: Access,
  request: CozyRequest,
  path: string,
): Reply {
  switch (request.method) {
    case "POST":
      return answerPost(state, access, request, path);
    case "PUT":
      if (path.startsWith("_local/")) return putLocal(state, path.slice("_local/".length), request.body);
      throw new Failure(403, "Forbidden operation");
    case "HEAD":
    case "GET":
      return answerGet(state, access, request, path);
    default:
      throw new Failure(403, "Forbidden operation");
  }
}

function answerPost(state: CozyState, access: Access, request: CozyRequest, path: string): Reply {
  const { body } = request;
  switch (path) {
    case "_revs_diff":
      return jsonReply(200, revsDiff(state, body));
    case "_ensure_full_commit":
      return jsonReply(201, { ok: true, instance_start_time: "0" });
    case "_changes":
      return jsonReply(200, changes(state, request));
    case "_bulk_docs":
      return bulkDocs(state, access, body);
    case "_all_docs":
      if (!Array.isArray(body["keys"])) throw new Failure(403, "Forbidden operation");
      return allDocs(state, access, body["keys"], request.query.get("include_docs") === "true");
    default:
      throw new Failure(403, "Forbidden operation");
  }
}

/** The reference names no GET; a replicator asks for the database and its checkpoint (CouchDB Replication Protocol). */
function answerGet(state: CozyState, access: Access, request: CozyRequest, path: string): Reply {
  if (path === "") {
    return jsonReply(200, { db_name: "cozy", instance_start_time: "0", update_seq: state.data.seq });
  }
  if (path === "_changes") return jsonReply(200, changes(state, request));
  if (path.startsWith("_local/")) {
    const found = state.data.local(path.slice("_local/".length));
    return found === null ? notFound() : jsonReply(200, found);
  }
  if (path.startsWith("_")) throw new Failure(403, "Forbidden operation");
  const document = state.data.find(decodeURIComponent(path));
  if (document === null) return notFound();
  permit(state, access, whole(document));
  return jsonReply(200, whole(document));
}

function notFound(): Reply {
  return jsonReply(404, { error: "not_found", reason: "missing" });
}

/** A document without id or docType passes, and outside production all do (reference/cozy.md 4.7, section 10). */
function permit(state: CozyState, access: Access, document: Fields): void {
  const { _id: id, docType } = document;
  if (!state.habits.production || isEmpty(id) || isEmpty(docType)) return;
  const isShared = access.rules.some(
    (rule) => String(rule.id) === id && rule.docType.toLowerCase() === textOf(docType).toLowerCase(),
  );
  if (!isShared) throw new Failure(403, `${access.login} is not authorized`);
}

function listOf(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function revsDiff(state: CozyState, body: Fields): Fields {
  const rows = Object.entries(body).flatMap(([id, revs]) => {
    const missing = state.data.missing(id, listOf(revs)?.map(textOf) ?? []);
    return missing.length === 0 ? [] : [[id, { missing }] as const];
  });
  return Object.fromEntries(rows);
}

function changes(state: CozyState, { query, body }: CozyRequest): Fields {
  const ids = listOf(body["doc_ids"])?.map(textOf) ?? null;
  const results = state.data.changes(Number(query.get("since") ?? 0), ids).map((change) => ({
    seq: change.seq,
    id: change.id,
    changes: change.revs.map((rev) => ({ rev })),
    ...(change.isDeleted ? { deleted: true } : {}),
  }));
  return { results, last_seq: state.data.seq };
}

/** All documents are checked before one is written. */
function bulkDocs(state: CozyState, access: Access, body: Fields): Reply {
  const docs: unknown = body["docs"];
  if (!Array.isArray(docs) || !docs.every(isObject)) {
    throw new Failure(400, "bad_request: POST body must include `docs` parameter.");
  }
  if (body["new_edits"] !== false) state.refuse("replication: _bulk_docs without new_edits: false");
  for (const document of docs) permit(state, access, document);
  return jsonReply(
    201,
    docs.map((document) => takeDocument(state, document)),
  );
}

function takeDocument(state: CozyState, document: Fields): Fields {
  const taken = state.data.take(document);
  if (taken !== null) return { ok: true, id: taken.id, rev: taken.rev };
  state.refuse("replication: _bulk_docs with a document without right _id, _rev and _revisions");
  return { id: document["_id"], error: "bad_request", reason: "The revision is no revision." };
}

function allDocs(state: CozyState, access: Access, keys: readonly unknown[], withDocs: boolean): Reply {
  const rows = keys.map((key) => {
    const document = state.data.find(textOf(key));
    if (document === null) return { key, error: "not_found" };
    permit(state, access, whole(document));
    const shown = { id: key, key, value: { rev: document.rev } };
    return withDocs ? { ...shown, doc: whole(document) } : shown;
  });
  return jsonReply(200, { total_rows: state.data.all().length, offset: 0, rows });
}

function putLocal(state: CozyState, id: string, body: Fields): Reply {
  const rev = state.data.putLocal(id, body);
  if (rev === null) return jsonReply(409, { error: "conflict", reason: "Document update conflict." });
  return jsonReply(201, { ok: true, id: `_local/${id}`, rev });
}
