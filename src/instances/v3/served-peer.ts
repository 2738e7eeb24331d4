import type { PeerRequest } from "../../http/peer-route.ts";
import { cozyTokenBySecret } from "../../store/cozy-clients.ts";
import { isSecretOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { bearerIn, wrongToken } from "../bearer.ts";
import { JsonApiError } from "../json-api.ts";
import type { Sending } from "./received-rules.ts";
import { type Received, readReceived } from "./recipient-rows.ts";

/**
 * The sharing of the path, for its owner, who has an access token that this account issued for it. An unknown sharing and a
 * token of another one get the same answer. Throws JsonApiError 401 or 429; the sharer then refreshes its token.
 */
export async function requireOwner(db: Db, request: PeerRequest, nowMs: number): Promise<Received> {
  const received = await readReceived(db, request.instance.accountId, request.params["id"] ?? "");
  if (received !== null && (await isOwners(db, received, request, nowMs))) return received;
  throw wrongToken(request);
}

/** As `requireOwner`; a member that has only been invited is told the list with the code of his link (reference/cozy.md 7.7). */
export async function requireOwnerOrInviter(db: Db, request: PeerRequest, nowMs: number): Promise<Received> {
  const received = await readReceived(db, request.instance.accountId, request.params["id"] ?? "");
  const secret = bearerIn(request) ?? "";
  const isInviter =
    received !== null &&
    received.sharing.is_active === 0 &&
    received.sharing.revoked_at === null &&
    isSecretOf(received.self.secret_hash, secret);
  if (received !== null && isInviter) return received;
  if (received !== null && (await isOwners(db, received, request, nowMs))) return received;
  throw wrongToken(request);
}

/** The token of a drive, which was issued to no client, says only that the drive ended (sharings-api/end.ts). */
async function isOwners(
  db: Db,
  { sharing }: Received,
  request: PeerRequest,
  nowMs: number,
): Promise<boolean> {
  const wanted = { accountId: sharing.account_id, kind: "access", secret: bearerIn(request) ?? "" } as const;
  const token = await cozyTokenBySecret(db, wanted, nowMs);
  return token?.cozy_sharing_id === sharing.id && token.client_id !== null;
}

/** Throws JsonApiError 400 where the account has ended its part, or never took it. */
export function requireStanding({ sharing, sender }: Sending): void {
  const isTaken = sharing.is_active === 1 || sender.inbound_client_id !== null;
  if (!isTaken || sharing.revoked_at !== null) {
    throw new JsonApiError(400, { detail: "Sharing is not in the expected state" });
  }
}
