import { readSharecode } from "../../domain/sharecode.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { updateCozyMember } from "../../store/cozy-sharings.ts";
import { bearerIn } from "../bearer.ts";
import { fieldsOf } from "../form-fields.ts";
import { documentReply, JsonApiError } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { invitedBy } from "./owner-discovery.ts";
import { linkOf } from "./owner-invite.ts";
import { memberByCode, type Place, unknownMember } from "./owner-rows.ts";

/** POST /sharings/:id/preview-url: the link with the code of who has a state (reference/cozy.md 7.3). */
export async function previewUrl(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const place = await invitedBy(parts, request, fieldsOf(request));
  if (place === null) throw unknownMember(request);
  if (place.member.status === "ready") {
    throw new JsonApiError(409, { detail: "Sharing already accepted by this recipient" });
  }
  const url = await parts.store.transaction(async (db) => linkOf(db, place, parts));
  if (url === null) throw unknownMember(request);
  return { status: 200, body: { url } };
}

/**
 * GET /permissions/self with a sharecode: which sharing it is of. That a member looked is kept, as the protocol wants it
 * (reference/cozy.md 3.4, 8.1); nobody who has accepted is moved back.
 */
export async function permissionsSelf(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const code = readSharecode(bearerIn(request) ?? "")?.code ?? "";
  const { accountId } = request.instance;
  const place = await parts.store.transaction(async (db) => {
    const found = await memberByCode(db, accountId, code, parts.sealer);
    const isNew = found?.member.status === "pending" || found?.member.status === "mail-not-sent";
    if (found !== null && isNew) await updateCozyMember(db, found.member.id, { status: "seen" });
    return found;
  });
  if (place === null) throw wrongCode(request);
  return documentReply(200, permission(place));
}

function permission({ sharing: { document_id: id } }: Place): object {
  const attributes = { type: "share-preview", source_id: `io.cozy.sharings/${id}` };
  return { data: { type: "io.cozy.permissions", id: `preview-${id}`, attributes } };
}

/** A revoked member's code is answered as one that never was (reference/cozy.md 12.4). */
function wrongCode(request: PeerRequest): JsonApiError {
  const counted = unknownMember(request);
  return counted.status === 429 ? counted : new JsonApiError(400, { detail: "Invalid JWT" });
}
