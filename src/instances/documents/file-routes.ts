import { createHash } from "node:crypto";
import { filesType, isFolder } from "../../domain/cozy-document.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import type { DocumentKey } from "../../store/cozy-documents.ts";
import { JsonApiError, jsonApiRoute } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { bodyOf, noteUse, openDocument, requireAccess } from "./access.ts";
import { keyOf, write } from "./routes.ts";

type RouteParts = Pick<InstanceParts, "store" | "queue">;

/** The content of files; what they are called and where they lie is in their documents. */
export function fileRoutes(parts: RouteParts): readonly PeerRoute[] {
  const path = `/data/${filesType}/:id/content`;
  return [
    jsonApiRoute({ method: "GET", path, operation: reading }, async (request) => read(parts, request)),
    jsonApiRoute(
      { method: "PUT", path, operation: writing, bodyBytes: limits.cozyFileBytes, takesBytes: true },
      async (request) => put(parts, request),
    ),
  ];
}

function fileKey(request: PeerRequest): DocumentKey {
  return keyOf({ ...request, params: { ...request.params, doctype: filesType } });
}

async function read({ store: { db } }: RouteParts, request: PeerRequest): Promise<PeerReply> {
  const access = await requireAccess(db, request, Date.now());
  const row = await openDocument(db, access, { key: fileKey(request), verb: "GET" });
  if (row?.content === undefined || row.content === null) {
    throw new JsonApiError(404, { detail: "There is no such file, or nothing was put into it." });
  }
  // Of no type that a browser would run here.
  const headers = { "content-type": "application/octet-stream", "content-disposition": "attachment" };
  return { status: 200, headers, body: row.content };
}

async function put({ store, queue }: RouteParts, request: PeerRequest): Promise<PeerReply> {
  const key = fileKey(request);
  const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const revision = await store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    const known = await openDocument(db, access, { key, verb: "PUT" });
    if (known === undefined) {
      throw new JsonApiError(404, { detail: `There is no such file; PUT /data/${filesType}/ID makes one.` });
    }
    if (isFolder(filesType, bodyOf(known))) {
      throw new JsonApiError(422, { detail: "A folder has no content.", field: "type" });
    }
    const md5sum = createHash("md5").update(content).digest("base64");
    const body = { ...bodyOf(known), size: String(content.length), md5sum };
    await noteUse(db, request, Date.now());
    return (await write(db, { key, access, queue }, { body, content, isDeleted: false })).revision;
  });
  return { status: 200, body: { ok: true, id: key.id, type: filesType, rev: revision } };
}

const reading: PeerOperation = {
  id: "readFile",
  summary: "What is in a file",
  tag: "documents",
  security: "bearer",
  replies: { 200: { description: "Its bytes" }, 404: { description: "There is no such file" } },
};

const writing: PeerOperation = {
  id: "writeFile",
  summary: `Put bytes into a file, at most ${limits.cozyFileBytes / 1024 / 1024} MiB`,
  tag: "documents",
  security: "bearer",
  replies: {
    200: { description: "They are kept" },
    404: { description: "There is no such file" },
    413: { description: "They are too many" },
  },
};
