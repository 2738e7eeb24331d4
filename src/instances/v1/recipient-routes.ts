import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { createDailyCounts } from "../daily-counts.ts";
import { jsonApiRoute } from "../json-api.ts";
import type { Generation, InstanceParts } from "../parts.ts";
import {
  showFile,
  takeChanged,
  takeDeletion,
  takeNew,
  takePatch,
  type TransportParts,
} from "./received-documents.ts";
import { addReferences, removeReferences } from "./received-references.ts";
import { takeCode } from "./recipient-exchange.ts";
import { announceRequest, sendRefusal, showRequest } from "./recipient-request.ts";

/** What a sharer of v1a and v1b, and in sharings that go both ways also a recipient, asks of the other side (reference/cozy.md 5.3). */
export function recipientRoutes(parts: InstanceParts): readonly PeerRoute[] {
  return [
    jsonApiRoute({ method: "GET", path: "/sharings/request", operation: null }, async (request) =>
      showRequest(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/formRefuse", operation: null }, async (request) =>
      sendRefusal(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/access/code", operation: codes }, async (request) =>
      takeCode(parts, request),
    ),
    ...documentRoutes(parts),
    ...fileRoutes(parts),
  ];
}

/** Of the paths that several generations have. */
export function recipientShared(parts: InstanceParts): Generation["shared"] {
  const counts = createDailyCounts();
  return { "PUT /sharings/:id": async (request) => announceRequest(parts, counts, request) };
}

type Taking = (parts: TransportParts, request: PeerRequest) => Promise<PeerReply>;

function documentRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const path = "/sharings/doc/:doctype/:id";
  const route = (method: PeerRoute["method"], id: string, summary: string, take: Taking): PeerRoute =>
    jsonApiRoute(
      {
        method,
        path,
        operation: operationOf(id, summary),
        takesBytes: true,
        bodyBytes: limits.cozyFileBytes,
      },
      async (request) => take(parts, request),
    );
  return [
    route("POST", "sendDocument", "The other side sends a document that is new here", takeNew),
    route("PUT", "changeDocument", "The other side sends a newer state of a document", takeChanged),
    route("PATCH", "patchFile", "The other side renames, moves or tags a file or folder", takePatch),
    route("DELETE", "deleteDocument", "The other side deletes a document", takeDeletion),
  ];
}

function fileRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const route = (
    method: PeerRoute["method"],
    path: string,
    [id, summary]: readonly [string, string],
    take: Taking,
  ): PeerRoute =>
    jsonApiRoute({ method, path, operation: operationOf(id, summary) }, async (request) =>
      take(parts, request),
    );
  return [
    route("GET", "/files/:id", ["showFile", "What stands of a file or folder"], showFile),
    route(
      "POST",
      "/files/:id/relationships/referenced_by",
      ["addReferences", "A file is referenced by more documents"],
      addReferences,
    ),
    route(
      "DELETE",
      "/sharings/files/:id/referenced_by",
      ["removeReferences", "A file is referenced by fewer documents"],
      removeReferences,
    ),
  ];
}

const tag = "between Cozys";

function operationOf(id: string, summary: string): PeerOperation {
  return {
    id,
    summary,
    tag,
    security: "bearer",
    replies: {
      200: { description: "Done, or what stands" },
      204: { description: "Done" },
      401: { description: "The token is unknown or has expired" },
      403: { description: "The permissions of the sharing do not hold the document" },
      404: { description: "It is not there" },
      409: { description: "It is there already, or has another revision" },
    },
  };
}

const codes: PeerOperation = {
  id: "giveCode",
  summary: "The sharer gives a code for his Cozy",
  tag,
  security: null,
  body: z.object({ state: z.string(), code: z.string() }),
  replies: {
    200: { description: "It is exchanged soon" },
    400: { description: "The state is missing" },
    404: { description: "The sharing is unknown" },
    500: { description: "The code is missing" },
  },
};
