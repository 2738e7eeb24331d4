import type { PeerRequest } from "../../http/peer-route.ts";
import { cozyTokenBySecret } from "../../store/cozy-clients.ts";
import { cozyMemberByClient } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { bearerIn, wrongToken } from "../bearer.ts";
import { JsonApiError } from "../json-api.ts";
import { sharingScope } from "./credentials.ts";
import { asItStands, type Place, readOwned } from "./owner-rows.ts";

/**
 * The member of the account's sharing in the path, by an access token that he was issued for it; with `ALL` one that may write. An unknown
 * sharing and a token of another one get the same answer. Throws JsonApiError 401, 403 or 429.
 */
export async function requireMember(db: Db, request: PeerRequest, verbs: "ALL" | "GET"): Promise<Place> {
  const { accountId } = request.instance;
  const sharing = await readOwned(db, accountId, request.params["id"] ?? "");
  const wanted = { accountId, kind: "access", secret: bearerIn(request) ?? "" } as const;
  const token = await cozyTokenBySecret(db, wanted, Date.now());
  const member = token?.client_id ? await cozyMemberByClient(db, token.client_id) : undefined;
  const place = member === undefined ? null : await asItStands(db, { member });
  if (sharing === null || place === null || place.sharing.id !== sharing.id) throw wrongToken(request);
  if (verbs === "ALL" && token?.scope !== sharingScope(sharing.document_id, "ALL")) {
    throw new JsonApiError(403, { detail: "This member may read only." });
  }
  return place;
}
