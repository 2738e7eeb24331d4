import { filesType, isFolder } from "../../domain/cozy-document.ts";
import type { JobOutcome } from "../../jobs/queue.ts";
import { readMissing, readUploadKey } from "../../protocols/cozy/owner-wire.ts";
import type { WireRule } from "../../protocols/cozy/wire.ts";
import { xorId } from "../../protocols/cozy/xor-id.ts";
import { type CozyDocumentRow, type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import { updateCozyMember } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { type CallFailure, type CozyReply, failureOf, isTaken } from "../call.ts";
import { bodyOf } from "../documents/access.ts";
import { sharedDocuments } from "../documents/shared.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { callsTo, type SharingCalls } from "./owner-calls.ts";
import { documentFor, isShared, permissionsOf, withFolders } from "./owner-documents.ts";
import { type Place, rulesOf } from "./owner-rows.ts";
import { receivedOf } from "./recipient-rows.ts";

/** Documents of one round: few enough for one body, and for the memory. */
const roundDocuments = 50;

/** The step `initial`: everything that is shared goes to a member who has accepted, folders first (reference/cozy.md 7.5, 7.8). */
export async function initialStep(
  step: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const rules = rulesOf(step.sharing);
  return push(step, { parts, signal, rules }, async (db) =>
    sharedDocuments(db, step.sharing.account_id, permissionsOf(rules)),
  );
}

/** The step `document`: a document as it stands here, after it changed. */
export async function documentStep(
  step: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { sharing, job } = step;
  const rules = rulesOf(sharing);
  const [doctype, id] = [String(job.payload["doctype"]), String(job.payload["id"])];
  return push(step, { parts, signal, rules }, async (db) => {
    const row = await readDocument(db, { accountId: sharing.account_id, doctype, id });
    const rows = row === undefined ? [] : await withFolders(db, row, rules);
    return rows.map((each) => ({ accountId: each.account_id, doctype, id: each.document_id }));
  });
}

interface Pushing {
  readonly parts: InstanceParts;
  readonly signal: AbortSignal;
  readonly rules: readonly WireRule[];
}

async function push(
  { sharing, member, job, step }: MemberStep,
  { parts, signal, rules }: Pushing,
  find: (db: Db) => Promise<readonly DocumentKey[]>,
): Promise<JobOutcome> {
  const isLive = sharing.is_active === 1 && (await mayTell(parts.store.db, { sharing, member }));
  const calls = isLive ? callsTo(parts, { sharing, member }, signal) : null;
  if (calls === null) return { kind: "done" };
  const { db } = parts.store;
  // Only the owner changes ids, in both directions.
  const key = sharing.is_owner === 1 ? calls.xorKey : new Uint8Array();
  const keys = await find(db);
  for (let from = 0; from < keys.length; from += roundDocuments) {
    const documents = await readForPush(db, keys.slice(from, from + roundDocuments), rules);
    const failure = await sendRound(calls, { db, key, rules, documents });
    if (failure === null) continue;
    parts.tell("member-not-told", { member: member.id, step, reason: failure.reason });
    return stepFailed(failure, job, async (now) =>
      updateCozyMember(now, member.id, { error: failure.reason }),
    );
  }
  if (member.error === null) return { kind: "done" };
  return { kind: "done", commit: async (now) => updateCozyMember(now, member.id, { error: null }) };
}

/** A member is told while he takes part; the owner, by who may write. */
async function mayTell(db: Db, { sharing, member }: Place): Promise<boolean> {
  if (sharing.is_owner === 1) return member.status === "ready";
  return (await receivedOf(db, sharing))?.self.is_read_only === 0;
}

interface Pushed {
  /** Without its content. */
  readonly row: CozyDocumentRow;
  /** For the other side: it is deleted, or not shared any more. */
  readonly isGone: boolean;
}

async function readForPush(
  db: Db,
  keys: readonly DocumentKey[],
  rules: readonly WireRule[],
): Promise<readonly Pushed[]> {
  const found: Pushed[] = [];
  for (const key of keys) {
    const row = await readDocument(db, key);
    if (row === undefined) continue;
    const isGone = row.is_deleted === 1 || !(await isShared(db, key, bodyOf(row), rules));
    const head = row.content === null ? withoutContent(row) : row;
    found.push({ row: { ...head, content: null }, isGone });
  }
  return found;
}

/** A file into which nothing was put yet has no sum, whatever its document says: the other side compares it. */
function withoutContent(row: CozyDocumentRow): CozyDocumentRow {
  if (row.doctype !== filesType) return row;
  const { md5sum: _, size: __, ...body } = bodyOf(row);
  return { ...row, body_json: JSON.stringify(body) };
}

interface Round {
  readonly db: Db;
  readonly key: Uint8Array;
  readonly rules: readonly WireRule[];
  readonly documents: readonly Pushed[];
}

/** What the other side lacks: documents and folders at once, files one by one. Null where it has everything now. */
async function sendRound(calls: SharingCalls, round: Round): Promise<CallFailure | null> {
  const { documents, key } = round;
  const named = documents.map((each) => ({ ...each, name: nameOf(each.row, key) }));
  const asked = Object.fromEntries(named.map(({ name, row }) => [name, [row.revision]]));
  const told = await sendJson(calls, "POST", "/_revs_diff", asked);
  const missing = told.kind === "answered" && told.status === 200 ? readMissing(told.body) : null;
  if (missing === null) return failureOf(told);
  const lacking = named.filter(({ name }) => missing.has(name));
  const failure = await sendBulk(
    calls,
    round,
    lacking.filter((each) => !isContent(each)),
  );
  if (failure !== null) return failure;
  for (const each of lacking.filter(isContent)) {
    const failed = await sendFile(calls, round, each);
    if (failed !== null) return failed;
  }
  return null;
}

function isContent({ row, isGone }: Pushed): boolean {
  return row.doctype === filesType && !isGone && !isFolder(filesType, bodyOf(row));
}

function nameOf({ doctype, document_id: id }: CozyDocumentRow, key: Uint8Array): string {
  return `${doctype}/${xorId(id, key)}`;
}

async function sendBulk(
  calls: SharingCalls,
  round: Round,
  documents: readonly Pushed[],
): Promise<CallFailure | null> {
  if (documents.length === 0) return null;
  const byType = Map.groupBy(documents, ({ row }) => row.doctype);
  const body = Object.fromEntries(
    [...byType].map(([doctype, list]) => [doctype, list.map((each) => onWire(each, round))]),
  );
  const reply = await sendJson(calls, "POST", "/_bulk_docs", body);
  if (isTaken(reply)) return null;
  // What the other side never had, it cannot delete.
  const isForGone = documents.every(({ isGone }) => isGone);
  return isForGone && reply.kind === "answered" && [400, 403, 404].includes(reply.status)
    ? null
    : failureOf(reply);
}

function onWire({ row, isGone }: Pushed, { key, rules }: Round): object {
  return documentFor(row, { key, rules, isDeleted: isGone });
}

/** What is said of a file, then its content where the other side asks for it. */
async function sendFile(calls: SharingCalls, round: Round, file: Pushed): Promise<CallFailure | null> {
  const { row } = file;
  const id = encodeURIComponent(xorId(row.document_id, round.key));
  const announced = await sendJson(calls, "PUT", `/${filesType}/${id}/metadata`, onWire(file, round));
  if (announced.kind === "answered" && announced.status === 204) return null;
  const key =
    announced.kind === "answered" && announced.status === 200 ? readUploadKey(announced.body) : null;
  if (key === null) return failureOf(announced);
  const whole = await readDocument(round.db, {
    accountId: row.account_id,
    doctype: row.doctype,
    id: row.document_id,
  });
  // It changed meanwhile; its change is sent by a step of its own.
  if (whole?.revision !== row.revision) return null;
  const { mime } = bodyOf(row);
  const reply = await calls.ask({
    method: "PUT",
    path: `/${filesType}/${encodeURIComponent(key)}`,
    body: whole.content ?? Buffer.alloc(0),
    type: typeof mime === "string" && mime !== "" ? mime : "application/octet-stream",
  });
  return isTaken(reply) ? null : failureOf(reply);
}

async function sendJson(
  calls: SharingCalls,
  method: "POST" | "PUT",
  path: string,
  body: object,
): Promise<CozyReply> {
  return calls.ask({ method, path, body: JSON.stringify(body) });
}
