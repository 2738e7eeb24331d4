import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import type { FollowWay } from "../../protocols/protocol.ts";
import type { CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { explain } from "../explain.ts";
import { jsonApiRoute } from "../json-api.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { InstanceParts } from "../parts.ts";
import { createRequestGate, type RequestGate } from "./recipient-gate.ts";
import { endReceived, type Received, receivedOf } from "./recipient-rows.ts";
import { createWay } from "./recipient-way.ts";
import { diffRevisions, takeBulk } from "./served-documents.ts";
import { announceFile, showFolder, takeContent, type Uploads } from "./served-files.ts";
import { endInitial, takeMembers, takeRights } from "./served-members.ts";
import { requireOwner, requireOwnerOrInviter } from "./served-peer.ts";
import { type Answering, answerSender } from "./served-sender.ts";
import { receiveRequest } from "./served-request.ts";

/** Which requests are awaited is known to both: an acceptance waits for one that comes by a route. */
const gates = new WeakMap<InstanceParts, RequestGate>();

function gateOf(parts: InstanceParts): RequestGate {
  const gate = gates.get(parts) ?? createRequestGate();
  gates.set(parts, gate);
  return gate;
}

/** How an account follows sharings of today's cozy-stack. */
export function createV3Way(parts: InstanceParts): FollowWay {
  return createWay(parts, gateOf(parts));
}

/** PUT /sharings/:id, whose path other generations have as well (parts.ts). */
export async function takeRequest(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  return receiveRequest(parts, gateOf(parts), request);
}

type Call = (db: Db, received: Received, request: PeerRequest, parts: InstanceParts) => Promise<PeerReply>;

/** What a sharing's owner calls at the Cozy of somebody who accepted (reference/cozy.md 7.5 to 7.8). */
export function recipientRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const uploads: Uploads = new Map();
  const at = "/sharings/:id";
  const file = `${at}/io.cozy.files/:file`;
  const owners = (
    method: PeerRoute["method"],
    path: string,
    call: Call,
    more: Partial<PeerRoute> = {},
  ): PeerRoute =>
    jsonApiRoute({ method, path, operation: operationOf(method, path), ...more }, async (request) =>
      parts.store.transaction(async (db) =>
        call(db, await requireOwner(db, request, Date.now()), request, parts),
      ),
    );
  const senders = (
    method: PeerRoute["method"],
    path: string,
    answer: Answering,
    more: Partial<PeerRoute> = {},
  ): PeerRoute =>
    jsonApiRoute({ method, path, operation: operationOf(method, path), ...more }, async (request) =>
      answerSender(parts, request, { verbs: method === "GET" ? "GET" : "ALL", answer }),
    );
  const bulk = { bodyBytes: limits.cozyBulkBytes };
  return [
    jsonApiRoute(
      { method: "PUT", path: `${at}/recipients`, operation: operationOf("PUT", `${at}/recipients`) },
      async (request) =>
        parts.store.transaction(async (db) =>
          takeMembers(db, await requireOwnerOrInviter(db, request, Date.now()), request, parts),
        ),
    ),
    owners("POST", `${at}/recipients/self/readonly`, takeRights(true)),
    owners("DELETE", `${at}/recipients/self/readonly`, takeRights(false)),
    owners("DELETE", `${at}/initial`, endInitial),
    senders("POST", `${at}/_revs_diff`, diffRevisions, bulk),
    senders("POST", `${at}/_bulk_docs`, takeBulk, bulk),
    senders("PUT", `${file}/metadata`, announceFile(uploads)),
    senders("PUT", file, takeContent(uploads), { bodyBytes: limits.cozyFileBytes, takesBytes: true }),
    senders("GET", file, showFolder),
    {
      method: "GET",
      path: "/auth/authorize/sharing",
      operation: null,
      answer: async (request) => explain(parts, request, { status: 401, what: "answered-elsewhere" }),
    },
  ];
}

const summaries: Readonly<Record<string, readonly [id: string, summary: string]>> = {
  "PUT /sharings/:id/recipients": ["tellMembers", "The owner tells who the members are"],
  "POST /sharings/:id/recipients/self/readonly": ["takeWriting", "The owner lets the account read only"],
  "DELETE /sharings/:id/recipients/self/readonly": ["giveWriting", "The owner lets the account write"],
  "DELETE /sharings/:id/initial": ["endInitialSync", "All documents of the beginning were sent"],
  "POST /sharings/:id/_revs_diff": ["diffRevisions", "Which revisions of documents are missing here"],
  "POST /sharings/:id/_bulk_docs": ["takeDocuments", "Documents of the sharing"],
  "PUT /sharings/:id/io.cozy.files/:file/metadata": [
    "announceFile",
    "A file of the sharing, before its content",
  ],
  "PUT /sharings/:id/io.cozy.files/:file": ["takeFile", "The content of a file that was announced"],
  "GET /sharings/:id/io.cozy.files/:file": ["showFolder", "A folder of the sharing"],
};

function operationOf(method: string, path: string): PeerOperation | null {
  const [id, summary] = summaries[`${method} ${path}`] ?? [];
  if (id === undefined || summary === undefined) return null;
  return {
    id,
    summary,
    tag: "between Cozys",
    security: "bearer",
    replies: {
      200: { description: "Done" },
      204: { description: "Done" },
      401: { description: "The token does not open this sharing" },
      403: { description: "The rules of the sharing do not hold a document" },
    },
  };
}

/** What becomes of the account's copy where the sharings API ends it; who follows it hears of it there (sharings-api/end.ts). */
export function recipientActions(parts: InstanceParts): Pick<OwnerActions, "leave" | "endedBySharer"> {
  return {
    leave: end,
    endedBySharer: async (db, sharing) => {
      await end(db, sharing);
      if (sharing.notification_id !== null) await parts.recheck(db, sharing.notification_id);
    },
  };
}

async function end(db: Db, sharing: CozySharingRow): Promise<void> {
  const received = await receivedOf(db, sharing);
  if (received !== null) await endReceived(db, received, Date.now());
}
