import { randomBytes } from "node:crypto";
import { z } from "zod";
import { contactsType } from "../../domain/cozy-document.ts";
import { isDoctype } from "../../domain/cozy-permissions.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { type CozyDocumentRow, type DocumentKey, documentsOfType } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError, jsonApiRoute } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { type Access, bodyOf, isOpen, noteUse, openDocument, requireAccess } from "./access.ts";
import { senderOf } from "./sender.ts";
import { putDocument, type Written, type Writing } from "./write.ts";

type RouteParts = Pick<InstanceParts, "store" | "queue">;

/** The routes under which applications, and Cozys with a token, keep documents. */
export function documentRoutes(parts: RouteParts): readonly PeerRoute[] {
  return [
    jsonApiRoute({ method: "GET", path: "/data/:doctype/_all_docs", operation: listing }, async (request) =>
      list(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/data/:doctype/", operation: creating }, async (request) =>
      put(parts, request, { ...keyOf(request), id: randomBytes(16).toString("hex") }),
    ),
    jsonApiRoute({ method: "GET", path: "/data/:doctype/:id", operation: reading }, async (request) =>
      read(parts, request),
    ),
    jsonApiRoute({ method: "PUT", path: "/data/:doctype/:id", operation: writing }, async (request) =>
      put(parts, request, keyOf(request)),
    ),
    jsonApiRoute({ method: "DELETE", path: "/data/:doctype/:id", operation: removing }, async (request) =>
      remove(parts, request),
    ),
  ];
}

/** Which document a request is about. Throws JsonApiError where the type is none, or is served elsewhere. */
export function keyOf({ instance: { accountId }, params }: PeerRequest): DocumentKey {
  const { doctype = "", id = "" } = params;
  if (!isDoctype(doctype)) {
    throw new JsonApiError(400, { detail: `${doctype} is no document type; write it like io.cozy.files.` });
  }
  if (doctype === "io.cozy.sharings" || doctype === "io.cozy.permissions" || doctype === contactsType) {
    throw new JsonApiError(403, {
      detail: `${doctype} cannot be reached here; sharings are under /sharings.`,
    });
  }
  if (!/^[\w.-]{0,200}$/.test(id) || id.startsWith("_")) {
    throw new JsonApiError(400, { detail: "An id has letters, digits, dots, dashes and underscores." });
  }
  return { accountId, doctype, id };
}

async function read({ store: { db } }: RouteParts, request: PeerRequest): Promise<PeerReply> {
  const access = await requireAccess(db, request, Date.now());
  const key = keyOf(request);
  const row = await openDocument(db, access, { key, verb: "GET" });
  if (row === undefined) throw notThere();
  return { status: 200, body: shown(row) };
}

async function list({ store: { db } }: RouteParts, request: PeerRequest): Promise<PeerReply> {
  const access = await requireAccess(db, request, Date.now());
  const open = await openDocuments(db, access, keyOf(request));
  const listed = open.map((row) => ({
    id: row.document_id,
    key: row.document_id,
    value: { rev: row.revision },
    doc: shown(row),
  }));
  return { status: 200, body: { total_rows: listed.length, offset: 0, rows: listed } };
}

type Listed = Awaited<ReturnType<typeof documentsOfType>>[number];

/** Documents of a type that the rules open, looked through some at a time; at most limits.cozyListedDocuments. */
async function openDocuments(
  db: Db,
  access: Access,
  { accountId, doctype }: Pick<DocumentKey, "accountId" | "doctype">,
): Promise<readonly Listed[]> {
  const open: Listed[] = [];
  for (let afterId: string | null = ""; afterId !== null;) {
    const rows: readonly Listed[] = await documentsOfType(db, { accountId, doctype, afterId }, rowsAtOnce);
    for (const row of rows) {
      const key = { accountId, doctype, id: row.document_id };
      if (await isOpen(db, access, { key, verb: "GET", row })) open.push(row);
    }
    const isEnough = rows.length < rowsAtOnce || open.length >= limits.cozyListedDocuments;
    afterId = isEnough ? null : (rows.at(-1)?.document_id ?? null);
  }
  return open.slice(0, limits.cozyListedDocuments);
}

const rowsAtOnce = 200;

async function put({ store, queue }: RouteParts, request: PeerRequest, key: DocumentKey): Promise<PeerReply> {
  const body = bodyIn(request);
  const { _id: _ownId, _rev: given, ...kept } = body;
  const verb = request.params["id"] === undefined ? "POST" : "PUT";
  const { status, revision } = await store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    const known = await openDocument(db, access, { key, verb, after: kept });
    requireRevision(known, given);
    await noteUse(db, request, Date.now());
    const written = await write(
      db,
      { key, access, queue },
      { body: kept, content: "keep", isDeleted: false },
    );
    return { status: known === undefined ? 201 : 200, revision: written.revision };
  });
  const { id, doctype: type } = key;
  return {
    status,
    body: { ok: true, id, type, rev: revision, data: { _id: id, _rev: revision, ...kept } },
  };
}

async function remove({ store, queue }: RouteParts, request: PeerRequest): Promise<PeerReply> {
  const key = keyOf(request);
  const revision = await store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    const known = await openDocument(db, access, { key, verb: "DELETE" });
    if (known === undefined) throw notThere();
    requireRevision(known, request.query.get("rev") ?? request.headers["if-match"]);
    await noteUse(db, request, Date.now());
    return (await write(db, { key, access, queue }, { body: {}, content: null, isDeleted: true })).revision;
  });
  return { status: 200, body: { ok: true, id: key.id, type: key.doctype, rev: revision, deleted: true } };
}

/** Writes as the one who asks: what a Cozy sends came through its sharing. */
export async function write(
  db: Db,
  { key, access, queue }: Pick<RouteParts, "queue"> & { readonly key: DocumentKey; readonly access: Access },
  writing: Pick<Writing, "body" | "content" | "isDeleted">,
): Promise<Extract<Written, { kind: "written" }>> {
  const from = await senderOf(db, access);
  const written = await putDocument(db, key, { ...writing, revision: null, from }, { queue });
  if (written.kind === "written") return written;
  if (written.kind === "closed") {
    throw new JsonApiError(403, { detail: "Documents of others lie in a folder with this id." });
  }
  throw new JsonApiError(413, {
    detail: `The account has ${limits.cozyDocuments} documents, and no room for more; remove some.`,
  });
}

function bodyIn({ body }: PeerRequest): Readonly<Record<string, unknown>> {
  if (typeof body === "object" && body !== null && !Array.isArray(body) && !Buffer.isBuffer(body)) {
    return { ...body };
  }
  throw new JsonApiError(400, { detail: "The body has to be a JSON object: the document." });
}

/** Who names the revision that he saw changes nothing that somebody else has changed since. */
function requireRevision(known: CozyDocumentRow | undefined, given: unknown): void {
  if (given === undefined || given === null || given === "") return;
  if (known?.revision === given) return;
  throw new JsonApiError(409, {
    detail: "The document has another revision by now; read it and try again.",
    field: "_rev",
  });
}

function notThere(): JsonApiError {
  return new JsonApiError(404, { detail: "There is no such document." });
}

function shown(row: Pick<CozyDocumentRow, "document_id" | "revision" | "body_json">): object {
  return { _id: row.document_id, _rev: row.revision, ...bodyOf(row) };
}

const documentBody = z.looseObject({ _rev: z.string().optional() });
const tag = "documents";

const reading: PeerOperation = {
  id: "readDocument",
  summary: "A document",
  tag,
  security: "bearer",
  replies: {
    200: { description: "The document", body: documentBody },
    403: { description: "The token's permissions do not hold it" },
    404: { description: "There is none" },
  },
};

const listing: PeerOperation = {
  id: "listDocuments",
  summary: `Documents of a type that the token opens, at most ${limits.cozyListedDocuments}`,
  tag,
  security: "bearer",
  replies: { 200: { description: "As CouchDB lists documents" } },
};

const creating: PeerOperation = {
  id: "createDocument",
  summary: "Keep a new document, under an id that is made for it",
  tag,
  security: "bearer",
  body: documentBody,
  replies: { 201: { description: "It is kept" }, 403: { description: "The permissions do not hold it" } },
};

const writing: PeerOperation = {
  id: "writeDocument",
  summary: "Keep a document under this id",
  tag,
  security: "bearer",
  body: documentBody,
  replies: {
    200: { description: "It is kept over an older one" },
    201: { description: "It is kept" },
    403: { description: "The permissions do not hold it" },
    409: { description: "It has another revision than `_rev`" },
  },
};

const removing: PeerOperation = {
  id: "removeDocument",
  summary: "Remove a document",
  tag,
  security: "bearer",
  query: z.object({ rev: z.string().optional() }),
  replies: {
    200: { description: "It is removed" },
    403: { description: "The permissions do not hold it" },
    404: { description: "There is none" },
    409: { description: "It has another revision than `rev`" },
  },
};
