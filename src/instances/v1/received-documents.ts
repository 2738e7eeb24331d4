import { filesType, isFolder, type DocumentBody } from "../../domain/cozy-document.ts";
import type { Verb } from "../../domain/cozy-permissions.ts";
import { isObject, isTooDeep, type JsonObject } from "../../domain/json.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import {
  type CozyDocumentRow,
  type DocumentKey,
  documentBodies,
  readDocument,
} from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { type Access, bodyOf, noteUse, openDocument, requireAccess } from "../documents/access.ts";
import { keyOf, write } from "../documents/routes.ts";
import { documentReply, JsonApiError } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { patchedFile, readFile } from "./received-files.ts";

export type TransportParts = Pick<InstanceParts, "store" | "queue">;

/** One request about one document, from the other side of a sharing (reference/cozy.md 5.7). */
interface Transport {
  readonly key: DocumentKey;
  readonly access: Access;
  readonly request: PeerRequest;
}

/** Runs in one transaction; what the token's rules do not open is 403, whether it is there or not. */
async function within(
  { store }: TransportParts,
  request: PeerRequest,
  work: (db: Db, transport: Transport) => Promise<PeerReply>,
): Promise<PeerReply> {
  const key = keyOf(request);
  return store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    await noteUse(db, request, Date.now());
    return work(db, { key, access, request });
  });
}

/** POST /sharings/doc/:doctype/:id: a document that is new here; 409 where it stands. */
export async function takeNew(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return within(parts, request, async (db, transport) => {
    const { key, access } = transport;
    const sent = isFile(transport)
      ? await readFile(db, transport, undefined)
      : { body: jsonIn(request), content: null };
    const known = await openDocument(db, access, { key, verb: "POST", after: sent.body });
    if (known !== undefined) throw conflict();
    return keep(db, parts, transport, sent);
  });
}

/** PUT: a newer state of one that stands; 404 where it does not, 409 for another revision. */
export async function takeChanged(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return within(parts, request, async (db, transport) => {
    const { key, access } = transport;
    const known = await standing(db, transport, "PUT");
    const sent = isFile(transport)
      ? await readFile(db, transport, known)
      : { body: jsonIn(request), content: null };
    await openDocument(db, access, { key, verb: "PUT", after: sent.body });
    return keep(db, parts, transport, sent);
  });
}

/** PATCH: name, place, tags and time of a file or folder. */
export async function takePatch(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return within(parts, request, async (db, transport) => {
    const { key, access } = transport;
    if (key.doctype !== filesType) {
      throw new JsonApiError(405, { detail: `Only ${filesType} can be patched; PUT the whole document.` });
    }
    const known = await standing(db, transport, "PATCH");
    const body = await patchedFile(db, transport, known, jsonIn(request));
    await openDocument(db, access, { key, verb: "PATCH", after: body });
    return keep(db, parts, transport, { body, content: "keep" });
  });
}

/** DELETE: a folder goes with what came into it. */
export async function takeDeletion(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return within(parts, request, async (db, transport) => {
    const { key } = transport;
    const known = await standing(db, transport, "DELETE");
    if (isFolder(key.doctype, bodyOf(known))) {
      for (const id of await idsBelow(db, key)) await remove(db, parts, transport, { ...key, id });
    }
    await remove(db, parts, transport, key);
    return { status: 200 };
  });
}

/** GET /files/:id, by which the other side learns what stands here (5.7). */
export async function showFile({ store: { db } }: TransportParts, request: PeerRequest): Promise<PeerReply> {
  const access = await requireAccess(db, request, Date.now());
  const key = keyOf({ ...request, params: { ...request.params, doctype: filesType } });
  const row = await openDocument(db, access, { key, verb: "GET" });
  if (row === undefined) throw notThere();
  return documentReply(200, {
    data: {
      type: filesType,
      id: key.id,
      attributes: bodyOf(row),
      meta: { rev: row.revision },
      links: { self: `/files/${key.id}` },
    },
  });
}

function isFile({ key: { doctype }, request: { query } }: Transport): boolean {
  return doctype === filesType && (query.get("Type") === "file" || query.get("Type") === "directory");
}

/** What stands, in the revision that the request names. */
async function standing(db: Db, { key, access, request }: Transport, verb: Verb): Promise<CozyDocumentRow> {
  const known = await openDocument(db, access, { key, verb });
  if (known === undefined) throw notThere();
  const given = request.query.get("rev") ?? request.headers["if-match"] ?? revisionIn(request);
  if (given !== known.revision) throw conflict();
  return known;
}

function revisionIn(request: PeerRequest): unknown {
  const body = objectIn(request);
  return body === null ? null : body["_rev"];
}

/** The document of the body, without what CouchDB adds. */
function jsonIn(request: PeerRequest): DocumentBody {
  const body = objectIn(request);
  if (body === null)
    throw new JsonApiError(400, { detail: "The body has to be a JSON object: the document." });
  const { _id: _ownId, _rev: _ownRev, ...kept } = body;
  return kept;
}

function objectIn({ body }: PeerRequest): JsonObject | null {
  try {
    const read: unknown = Buffer.isBuffer(body) ? JSON.parse(body.toString("utf8")) : body;
    return isObject(read) && !isTooDeep(read) ? read : null;
  } catch {
    return null;
  }
}

async function keep(
  db: Db,
  { queue }: TransportParts,
  { key, access }: Transport,
  { body, content }: { readonly body: DocumentBody; readonly content: Buffer | null | "keep" },
): Promise<PeerReply> {
  const { revision } = await write(db, { key, access, queue }, { body, content, isDeleted: false });
  return { status: 200, body: { _id: key.id, _rev: revision, ...body } };
}

async function remove(
  db: Db,
  { queue }: TransportParts,
  { access }: Transport,
  key: DocumentKey,
): Promise<void> {
  await write(db, { key, access, queue }, { body: {}, content: null, isDeleted: true });
}

/** What lies in a folder, and in the folders in it, and came through the same sharing. */
async function idsBelow(db: Db, { accountId, doctype, id }: DocumentKey): Promise<readonly string[]> {
  const above = await readDocument(db, { accountId, doctype, id });
  const bodies = await documentBodies(db, accountId, doctype);
  const found = new Set([id]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const row of bodies) {
      const { dir_id: folder } = bodyOf(row);
      if (typeof folder === "string" && found.has(folder)) found.add(row.document_id);
    }
  }
  found.delete(id);
  const rows = await Promise.all(
    [...found].map(async (each) => readDocument(db, { accountId, doctype, id: each })),
  );
  return rows.flatMap((row) =>
    row?.received_through === above?.received_through ? [row?.document_id ?? ""] : [],
  );
}

function notThere(): JsonApiError {
  return new JsonApiError(404, { detail: "There is no such document." });
}

function conflict(): JsonApiError {
  return new JsonApiError(409, {
    detail: "The document has another revision by now; look at it and try again.",
  });
}
