import { isObject } from "../../domain/json.ts";
import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { readCreateRequest as readCurrentRequest } from "../../protocols/cozy/create-request.ts";
import { readCreateRequest } from "../../protocols/cozy-v1/create-request.ts";
import type { CozySharingRow } from "../../store/cozy-sharings.ts";
import { noteUse, requireAccess, requireApplication } from "../documents/access.ts";
import { documentReply, JsonApiError, jsonApiRoute } from "../json-api.ts";
import { actionsFor, type ApiParts } from "./actions.ts";
import { createCozySharing } from "./create.ts";
import { endSharing } from "./end.ts";
import { findSharing, requireAll, requireOwner, requireOwnSharing, requireSome, rulesOf } from "./found.ts";
import { creating, ending, reading, sending } from "./operations.ts";
import { showSharing } from "./show.ts";

/** Making, reading, asking and ending of sharings. */
export function sharingRoutes(parts: ApiParts): readonly PeerRoute[] {
  const ask = async (request: PeerRequest) => sendMails(parts, request);
  return [
    jsonApiRoute({ method: "POST", path: "/sharings/", operation: creating }, async (request) =>
      create(parts, request),
    ),
    jsonApiRoute({ method: "GET", path: "/sharings/:id", operation: reading }, async (request) =>
      read(parts, request),
    ),
    jsonApiRoute({ method: "DELETE", path: "/sharings/:id", operation: ending }, async (request) =>
      end(parts, request),
    ),
    // The document's name and the one of the code.
    ...(["sendMail", "sendMails"] as const).flatMap((name) =>
      (["POST", "PUT"] as const).map((method) =>
        jsonApiRoute(
          { method, path: `/sharings/:id/${name}`, operation: sending(`${method.toLowerCase()}_${name}`) },
          ask,
        ),
      ),
    ),
  ];
}

async function create(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  const { instance, body } = request;
  return parts.store.transaction(async (db) => {
    const access = requireApplication(await requireAccess(db, request, Date.now()));
    const wanted = isObject(body) && "data" in body ? readCurrentRequest(body) : readCreateRequest(body);
    if (wanted.kind === "wrong") throw new JsonApiError(wanted.status, wanted.problems);
    requireAll(access, wanted.asked.needs);
    await noteUse(db, request, Date.now());
    const asked = { ...wanted.asked, appSlug: wanted.asked.appSlug ?? access.appSlug };
    const sharing = await createCozySharing(db, { instance, asked, by: access.by }, parts);
    const shown = await showSharing(db, sharing, { instance, sealer: parts.sealer });
    return documentReply(sharing.generation === "v1a" ? 200 : 201, shown);
  });
}

async function read(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  const { db } = parts.store;
  const access = requireApplication(await requireAccess(db, request, Date.now()));
  const sharing = await findSharing(db, request);
  requireSome(access, rulesOf(sharing));
  return reply(parts, request, sharing);
}

async function reply(
  parts: ApiParts,
  { instance }: PeerRequest,
  sharing: CozySharingRow,
): Promise<PeerReply> {
  return documentReply(200, await showSharing(parts.store.db, sharing, { instance, sealer: parts.sealer }));
}

async function sendMails(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const { sharing } = await requireOwnSharing(db, request);
    requireOwner(sharing);
    if (sharing.revoked_at !== null) {
      throw new JsonApiError(409, { detail: "The sharing was taken back; share anew." });
    }
    await noteUse(db, request, Date.now());
    await actionsFor(sharing, parts).invite(db, sharing);
  });
  return { status: 200 };
}

async function end(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    const sharing = await findSharing(db, request);
    await noteUse(db, request, Date.now());
    await endSharing(db, { access, sharing }, parts);
  });
  return { status: 204 };
}
