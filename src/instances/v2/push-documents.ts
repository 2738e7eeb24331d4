import { isObject, type JsonObject } from "../../domain/json.ts";
import { readMissing, writeReplicated } from "../../protocols/cozy-v2/replication.ts";
import type { WireRule } from "../../protocols/cozy-v2/wire.ts";
import { type CozyDocumentRow, documentsWithId } from "../../store/cozy-documents.ts";
import { type CallFailure, type CozyReply, failureOf } from "../call.ts";
import { bodyOf } from "../documents/access.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { isSameType } from "./judge-sent.ts";
import type { CallMember, MemberCall } from "./peer-calls.ts";

interface Push {
  readonly about: Pick<MemberStep, "sharing" | "member">;
  readonly rules: readonly WireRule[];
}

/**
 * Brings documents of the rules to a member's Cozy as CouchDB's replication does (reference/cozy.md 4.7): asks what is missing, writes
 * that, and keeps a checkpoint there. Null when they have arrived.
 */
export async function pushDocuments(
  call: CallMember,
  { about, rules }: Push,
  parts: Pick<InstanceParts, "store">,
): Promise<CallFailure | null> {
  const ask = async (method: MemberCall["method"], path: string, body?: object): Promise<CozyReply> =>
    call({ method, path: `/services/sharing/replication/${path}`, ...(body === undefined ? {} : { body }) });
  const rows = await documentsOf(about, rules, parts);
  const place = `_local/usher-${about.member.id}`;
  const there = await ask("GET", "");
  if (!isStatus(there, 200)) return failureOf(there);
  const checkpoint = await ask("GET", place);
  if (!isStatus(checkpoint, 200) && !isStatus(checkpoint, 404)) return failureOf(checkpoint);
  const diff = await ask("POST", "_revs_diff", revisionsOf(rows));
  const missing = diff.kind === "answered" && diff.status === 200 ? readMissing(diff.body) : null;
  if (missing === null) return failureOf(diff);
  const docs = rows.filter((row) => missing.get(row.document_id)?.includes(row.revision)).map(documentOf);
  if (docs.length > 0) {
    const written = await ask("POST", "_bulk_docs", { docs, new_edits: false });
    const refusal = refusalIn(written);
    if (refusal !== null) return refusal;
  }
  const committed = await ask("POST", "_ensure_full_commit", {});
  if (!isStatus(committed, 201)) return failureOf(committed);
  // Only saves CouchDB work: what is missing is asked each time.
  await ask("PUT", place, { _id: place, ...revisionIn(checkpoint), source_last_seq: about.sharing.revision });
  return null;
}

async function documentsOf(
  { sharing }: Push["about"],
  rules: readonly WireRule[],
  { store }: Pick<InstanceParts, "store">,
): Promise<readonly CozyDocumentRow[]> {
  const rows: CozyDocumentRow[] = [];
  for (const { id, docType } of rules) {
    const known = await documentsWithId(store.db, sharing.account_id, id);
    rows.push(...known.filter(({ doctype }) => isSameType(doctype, docType)).slice(0, 1));
  }
  return rows;
}

function revisionsOf(rows: readonly CozyDocumentRow[]): object {
  return Object.fromEntries(rows.map(({ document_id: id, revision }) => [id, [revision]]));
}

function documentOf(row: CozyDocumentRow): JsonObject {
  const { document_id: id, revision, ancestors, is_deleted: deleted, doctype } = row;
  const own = Object.entries(bodyOf(row)).filter(([name]) => !name.startsWith("_"));
  const body = { docType: doctype, ...Object.fromEntries(own) };
  const earlier = ancestors.split(" ").filter((each) => each !== "");
  return writeReplicated({ id, revision, isDeleted: deleted === 1, body }, earlier);
}

/** CouchDB answers for each document, in one answer that went well. */
function refusalIn(reply: CozyReply): CallFailure | null {
  if (reply.kind !== "answered" || reply.status !== 201 || !Array.isArray(reply.body))
    return failureOf(reply);
  const isRefused = reply.body.some((row) => isObject(row) && row["error"] !== undefined);
  return isRefused ? { reason: "document-refused", temporary: false, status: reply.status } : null;
}

function isStatus(reply: CozyReply, status: number): boolean {
  return reply.kind === "answered" && reply.status === status;
}

function revisionIn(reply: CozyReply): object {
  const rev = reply.kind === "answered" && isObject(reply.body) ? reply.body["_rev"] : undefined;
  return typeof rev === "string" ? { _rev: rev } : {};
}
