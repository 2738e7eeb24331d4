import type { Reply } from "../faulty-answers.ts";
import { exchangeCode, ownClient, tokenPair } from "../cozy-v1a/stack/oauth.ts";
import { scopeOf } from "../cozy-v1a/stack/permissions.ts";
import type { Party } from "../cozy-v1a/stack/sharing.ts";
import { shareDocuments, updateTriggers } from "../cozy-v1a/stack/triggers.ts";
import {
  badRequest,
  type CozyRequest,
  forbidden,
  json,
  type JsonObject,
  notFound,
  unqualified,
} from "../cozy-v1a/stack/wire.ts";
import { type CozyV1bState, invitedBy, nameOf, type V1bSharing } from "./sharing.ts";

/** `POST /sharings/answer` on the sharer, from the recipient's server: 201 with the sharing as that keeps it. */
export async function takeAnswer(cozy: CozyV1bState, request: CozyRequest): Promise<Reply> {
  const { query, accept } = request;
  const code = query.get("access_code") ?? "";
  if (code === "") throw badRequest("The access code is missing");
  const invited = invitedBy(cozy, query.get("state") ?? "");
  if (invited === null) throw forbidden("The sharecode is unknown");
  const { sharing, party } = invited;
  if (party.status === "accepted") throw unqualified("The sharing has already been accepted");
  if (party.client === null || party.client.client_id !== query.get("client_id")) {
    throw notFound("No OAuth client was found");
  }
  if (accept !== "application/json") cozy.refuse("an answer did not ask for JSON");
  try {
    party.pair = await exchangeCode(cozy, party.url, party.client, code);
  } catch (cause) {
    throw unqualified(String(cause));
  }
  party.status = "accepted";
  if (sharing.flow !== "none") sharing.triggers = updateTriggers(sharing.rules);
  const sharer = { url: cozy.origin, ...(sharing.flow === "both" ? issuedTo(cozy, sharing, party) : {}) };
  shareDocuments(cozy, sharing, party);
  return json(201, {
    _id: sharing.id,
    ...plainAttributes(sharing),
    owner: false,
    sharer,
    share_contact: { name: cozy.publicName, email: cozy.ownerMail },
  });
}

/** Two-way: what the recipient opens this Cozy with. */
function issuedTo(cozy: CozyV1bState, { rules }: V1bSharing, party: Party): JsonObject {
  const client = cozy.credentials.addClient(
    ownClient({ publicName: nameOf(cozy, party.contactId) }, party.url),
  );
  party.hostClientId = client.client_id;
  return { client, access_token: tokenPair(cozy.credentials, client.client_id, scopeOf(rules)) };
}

/** What both sides may read of a sharing. */
export function plainAttributes(sharing: V1bSharing): JsonObject {
  const { description, type, appSlug, previewPath, createdAt, updatedAt } = sharing;
  return {
    ...(description === "" ? {} : { description }),
    sharing_type: type,
    app_slug: appSlug,
    ...(previewPath === "" ? {} : { preview_path: previewPath }),
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
