import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";

// CouchDB's replication as far as sharings use it (reference/cozy.md 4.7): a sharer writes the documents of its rules.

/** A revision of a document on its way. */
export interface ReplicatedDocument {
  readonly id: string;
  /** Null where the document does not tell, as deleted ones. */
  readonly docType: string | null;
  /** CouchDB's `_rev`. */
  readonly revision: string;
  readonly isDeleted: boolean;
  /** Without CouchDB's own fields. */
  readonly body: JsonObject;
}

const revisionForm = /^[1-9]\d{0,8}-[\x21-\x7e]{1,64}$/;

/** Documents of `_bulk_docs`; null where it is none, or does not carry the sharer's own revisions (`new_edits: false`). */
export function readBulk(body: unknown): readonly ReplicatedDocument[] | null {
  if (!isObject(body) || !Array.isArray(body["docs"]) || body["new_edits"] !== false) return null;
  if (body["docs"].length > limits.permissionValues) return null;
  const documents = body["docs"].map(readReplicated);
  return documents.includes(null) ? null : documents.filter((document) => document !== null);
}

function readReplicated(value: unknown): ReplicatedDocument | null {
  if (!isObject(value)) return null;
  const { _id: id, _rev: revision, docType } = value;
  if (typeof id !== "string" || typeof revision !== "string" || !revisionForm.test(revision)) return null;
  const own = Object.entries(value).filter(([name]) => !name.startsWith("_"));
  return {
    id,
    docType: typeof docType === "string" ? docType : null,
    revision,
    isDeleted: value["_deleted"] === true,
    body: Object.fromEntries(own),
  };
}

/** A document as `_bulk_docs` carries it, with the revisions before it, so that CouchDB finds the one that it changes. */
export function writeReplicated(
  { id, revision, isDeleted, body }: Omit<ReplicatedDocument, "docType">,
  ancestors: readonly string[],
): JsonObject {
  const chain = chainOf(revision, ancestors);
  return {
    ...body,
    _id: id,
    _rev: revision,
    ...(isDeleted ? { _deleted: true } : {}),
    _revisions: { start: countOf(revision), ids: chain.map((each) => each.slice(each.indexOf("-") + 1)) },
  };
}

/** Revisions whose counts fall by one each; what lies behind a gap is left out. */
function chainOf(revision: string, ancestors: readonly string[]): readonly string[] {
  const chain = [revision];
  for (const ancestor of ancestors) {
    if (countOf(ancestor) !== countOf(revision) - chain.length) break;
    chain.push(ancestor);
  }
  return chain;
}

/** How often a document was written. */
function countOf(revision: string): number {
  return Number(revision.slice(0, revision.indexOf("-")));
}

/** Whether CouchDB takes a revision over another one of the same document: the longer history, then the higher name. */
export function isNewerRevision(revision: string, than: string): boolean {
  return countOf(revision) === countOf(than) ? revision > than : countOf(revision) > countOf(than);
}

/** Ids and their revisions, of `_revs_diff`; null where it is none. */
export function readRevisions(body: unknown): ReadonlyMap<string, readonly string[]> | null {
  if (!isObject(body) || Object.keys(body).length > limits.permissionValues) return null;
  const asked = new Map<string, readonly string[]>();
  for (const [id, revisions] of Object.entries(body)) {
    if (!Array.isArray(revisions) || revisions.length > limits.permissionValues) return null;
    asked.set(
      id,
      revisions.filter((each) => typeof each === "string"),
    );
  }
  return asked;
}

/** Which of the asked revisions the other side lacks, of its answer to `_revs_diff`; null where it is none. */
export function readMissing(body: unknown): ReadonlyMap<string, readonly string[]> | null {
  if (!isObject(body)) return null;
  const missing = new Map<string, readonly string[]>();
  for (const [id, each] of Object.entries(body)) {
    if (!isObject(each) || !Array.isArray(each["missing"])) return null;
    missing.set(
      id,
      each["missing"].filter((revision) => typeof revision === "string"),
    );
  }
  return missing;
}
