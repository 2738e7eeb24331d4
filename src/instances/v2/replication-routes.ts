import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";
import { requireSharer } from "./access.ts";
import { markAccepted } from "./received.ts";
import type { ReplicationCall } from "./replication-call.ts";
import { V2Error, v2Route } from "./replies.ts";
import { listDocuments, showChanges, showDocument } from "./served-documents.ts";
import { diffRevisions, keepCheckpoint, showCheckpoint, takeBulk } from "./served-replication.ts";

const root = "/services/sharing/replication/";

type Serve = (db: Db, call: ReplicationCall, parts: InstanceParts) => Promise<PeerReply>;

/** What CouchDB of a sharer calls (reference/cozy.md 4.5 and 4.7): exactly the documents of the rules, and its own checkpoints. */
export function replicationRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const route = (method: PeerRoute["method"], operation: PeerOperation, serve: Serve) =>
    v2Route({ method, path: `${root}*`, operation, bodyBytes: limits.cozyBulkBytes }, async (request) =>
      answer(parts, request, serve),
    );
  return [route("GET", asking, serveGet), route("POST", posting, servePost), route("PUT", putting, servePut)];
}

/** Whoever comes with the token has the answer that brought it, also where its own receipt was lost. */
async function answer(parts: InstanceParts, request: PeerRequest, serve: Serve): Promise<PeerReply> {
  return parts.store.transaction(async (db) => {
    const received = await requireSharer(db, request, parts);
    await markAccepted(db, received);
    return serve(db, { received, request, path: request.params["*"] ?? "" }, parts);
  });
}

/** Fastify answers HEAD by this route, too. */
async function serveGet(db: Db, call: ReplicationCall): Promise<PeerReply> {
  const { path } = call;
  if (path === "") return { status: 200, body: { db_name: "cozy", instance_start_time: "0", update_seq: 0 } };
  if (path === "_changes") return showChanges(db, call);
  if (path.startsWith("_local/")) return showCheckpoint(call);
  if (path.startsWith("_")) throw forbidden();
  return showDocument(db, call);
}

async function servePost(db: Db, call: ReplicationCall, parts: InstanceParts): Promise<PeerReply> {
  switch (call.path) {
    case "_revs_diff":
      return diffRevisions(db, call);
    case "_bulk_docs":
      return takeBulk(db, call, parts);
    case "_all_docs":
      return listDocuments(db, call);
    case "_changes":
      return showChanges(db, call);
    case "_ensure_full_commit":
      return { status: 201, body: { ok: true, instance_start_time: "0" } };
    default:
      throw forbidden();
  }
}

async function servePut(db: Db, call: ReplicationCall): Promise<PeerReply> {
  if (!call.path.startsWith("_local/")) throw forbidden();
  return keepCheckpoint(db, call);
}

function forbidden(): V2Error {
  return new V2Error(403, "Forbidden operation");
}

const tag = "between Cozys, platform 2";
const replies = {
  200: { description: "As CouchDB answers" },
  401: { description: "No sharing has this id with this token" },
  403: { description: "The rules do not hold this document, or nobody may do this" },
  404: { description: "There is none" },
};

const asking: PeerOperation = {
  id: "readReplication",
  summary: "A sharer's CouchDB looks at the database, a checkpoint or a document of the rules",
  tag,
  security: "basic",
  replies,
};

const posting: PeerOperation = {
  id: "postReplication",
  summary: "A sharer's CouchDB compares revisions and writes documents of the rules",
  tag,
  security: "basic",
  body: z.looseObject({}),
  replies: { ...replies, 201: { description: "As CouchDB answers" } },
};

const putting: PeerOperation = {
  id: "keepReplicationCheckpoint",
  summary: "A sharer's CouchDB keeps how far it came",
  tag,
  security: "basic",
  body: z.looseObject({}),
  replies: {
    201: { description: "It is kept" },
    401: replies[401],
    403: replies[403],
    409: { description: "It has another revision" },
  },
};
