import { isDeepStrictEqual } from "node:util";
import { type DocumentBody, filesType, isFolder } from "../../domain/cozy-document.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { JobOutcome } from "../../jobs/queue.ts";
import { readKept } from "../../protocols/cozy-v1/wire.ts";
import { type CozyDocumentRow, readDocument } from "../../store/cozy-documents.ts";
import { shareIdOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import { type CallFailure, type CozyReply, failureOf, isTaken } from "../call.ts";
import { bodyOf } from "../documents/access.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { callsTo, type MemberCalls } from "./call-member.ts";
import { fileBody, fileQuery, folderQuery } from "./file-query.ts";

/**
 * The step `document`: a document as it stands here goes to the other side of an accepted sharing (reference/cozy.md 5.7). What is
 * the same there is not sent; what is deleted here is deleted there.
 */
export async function pushDocument(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const isLive = sharing.revoked_at === null && member.status === "accepted";
  const calls = isLive ? callsTo(parts, member, signal) : null;
  if (calls === null) return { kind: "done" };
  const [doctype, id] = [String(job.payload["doctype"]), String(job.payload["id"])];
  const row = await readDocument(parts.store.db, { accountId: sharing.account_id, doctype, id });
  const sharingId = shareIdOf(parts.sealer, sharing);
  const isGone = row === undefined || row.is_deleted === 1;
  const failure = await send(calls, { doctype, id, sharingId, row: isGone ? null : row });
  if (failure === null) {
    if (member.error === null) return { kind: "done" };
    return { kind: "done", commit: async (db) => updateCozyMember(db, member.id, { error: null }) };
  }
  parts.tell("member-not-told", { member: member.id, step: "document", reason: failure.reason });
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}

interface Sent {
  readonly doctype: string;
  readonly id: string;
  /** Secret. */
  readonly sharingId: string;
  /** Null: deleted. */
  readonly row: CozyDocumentRow | null;
}

/** Null where the other side has it now. */
async function send(calls: MemberCalls, sent: Sent): Promise<CallFailure | null> {
  const { doctype, id, row } = sent;
  const place = `${encodeURIComponent(doctype)}/${encodeURIComponent(id)}`;
  const at = doctype === filesType ? `/files/${encodeURIComponent(id)}` : `/data/${place}`;
  const looked = readLook(await calls.ask({ method: "GET", path: at }));
  if ("reason" in looked) return looked;
  if (row === null) return looked.revision === null ? null : remove(calls, sent, place, looked.revision);
  const body = bodyOf(row);
  if (looked.revision !== null && saysTheSame(doctype, body, looked.body)) return null;
  const isNew = looked.revision === null;
  const query = new URLSearchParams({
    Sharing_id: sent.sharingId,
    ...(looked.revision === null ? {} : { rev: looked.revision }),
    ...(doctype === filesType ? (isFolder(doctype, body) ? folderQuery(body) : fileQuery(body)) : {}),
  });
  const content = doctype === filesType ? fileBody(body, row.content) : jsonBody(body, looked.revision);
  const path = `/sharings/doc/${place}?${query.toString()}`;
  return done(await calls.ask({ method: isNew ? "POST" : "PUT", path, ...content }), []);
}

async function remove(
  calls: MemberCalls,
  { sharingId }: Sent,
  place: string,
  revision: string,
): Promise<CallFailure | null> {
  const query = new URLSearchParams({ Sharing_id: sharingId, rev: revision });
  return done(
    await calls.ask({ method: "DELETE", path: `/sharings/doc/${place}?${query.toString()}` }),
    [404],
  );
}

interface Looked {
  /** Null where it is not there, or may not be seen: then it is sent. */
  readonly revision: string | null;
  readonly body: JsonObject;
}

/** A look at what the other side has. */
function readLook(reply: CozyReply): Looked | CallFailure {
  if (reply.kind === "unanswered") return failureOf(reply);
  if (reply.status === 404 || reply.status === 403) return { revision: null, body: {} };
  const kept = reply.status === 200 ? readKept(reply.body) : null;
  return kept ?? failureOf(reply);
}

/** Nothing is sent where both are equal, or two writers would never come to rest (reference/cozy.md 5.7). */
function saysTheSame(doctype: string, here: DocumentBody, there: JsonObject): boolean {
  if (doctype !== filesType) return isDeepStrictEqual(withoutOwnFields(here), withoutOwnFields(there));
  return ["name", "dir_id", "md5sum", "tags"].every((key) =>
    isDeepStrictEqual(here[key] ?? null, there[key] ?? null),
  );
}

function withoutOwnFields(body: JsonObject): JsonObject {
  const { _id: _ownId, _rev: _ownRev, ...rest } = body;
  return rest;
}

function jsonBody(body: DocumentBody, revision: string | null) {
  const text = JSON.stringify({ ...body, ...(revision === null ? {} : { _rev: revision }) });
  return { headers: { "content-type": "application/json" }, body: text };
}

function done(reply: CozyReply, also: readonly number[]): CallFailure | null {
  if (reply.kind === "unanswered") return failureOf(reply);
  if (isTaken(reply) || also.includes(reply.status)) return null;
  // Somebody wrote there in between: the next look sees it.
  return reply.status === 409 ? { reason: "http-409", temporary: true, status: 409 } : failureOf(reply);
}
