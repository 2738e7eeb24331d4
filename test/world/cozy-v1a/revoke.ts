import type { Reply } from "../faulty-answers.ts";
import { type CozyV1aState, type Party, peerOf, type Sharing, sharingOf } from "./sharing.ts";
import type { Holder } from "./stack/credentials.ts";
import { coversAll, sameRules } from "./stack/permissions.ts";
import { callPeer } from "./stack/transport.ts";
import { type CozyRequest, empty, jsonError, notFound, Refused, unqualified } from "./stack/wire.ts";

/**
 * `DELETE /sharings/:sharing-id` (reference/cozy.md 8.2). An app whose token holds the permissions makes the other side
 * be told; the sharer's own token, on a recipient, does not.
 */
export async function revokeSharing(
  cozy: CozyV1aState,
  request: CozyRequest,
  sharingId: string,
): Promise<Reply> {
  const sharing = sharingOf(cozy, sharingId);
  const holder = holderForDeletion(cozy, request);
  if (holder.kind === "app") {
    if (!coversAll(holder.rules, sharing.rules)) throw forbidden("the app does not hold the permissions");
    await (sharing.owner ? endSharing(cozy, sharing) : leaveSharing(cozy, sharing));
    return empty(200);
  }
  if (sharing.owner) throw forbidden("an OAuth token does not revoke a sharing of the owner");
  if (!sameRules(holder.rules, sharing.rules)) throw forbidden("the token holds other permissions");
  if (sharing.sharer?.party.hostClientId !== holder.name) throw forbidden("the token is of another client");
  closeHere(cozy, sharing);
  return empty(200);
}

/** The sharer's half of the table: every recipient is asked, a failing one stops nothing. */
async function endSharing(cozy: CozyV1aState, sharing: Sharing): Promise<void> {
  sharing.triggers = [];
  for (const party of sharing.recipients) {
    if (party.status !== "accepted") continue;
    await askToRevoke(cozy, sharing, party);
    closeParty(cozy, sharing, party);
  }
  sharing.revoked = true;
}

/**
 * The recipient's half: the sharer's client goes, and he is asked to revoke. Only master-master has credentials for
 * that, and they are used on the route for contacts with the id of a client: it never works (reference/cozy.md 8.2).
 */
export async function leaveSharing(cozy: CozyV1aState, sharing: Sharing): Promise<void> {
  const { sharer, type, sharingId } = sharing;
  const peer = sharer === null ? null : peerOf(cozy, sharing, sharer.party);
  const hostClientId = sharer?.party.hostClientId ?? "";
  closeHere(cozy, sharing);
  if (type !== "master-master" || peer === null) return;
  const path = `/sharings/${sharingId}/recipient/${hostClientId}`;
  await callPeer(cozy, peer, "DELETE", path).catch(() => undefined);
}

function closeHere(cozy: CozyV1aState, sharing: Sharing): void {
  sharing.triggers = [];
  sharing.revoked = true;
  if (sharing.sharer !== null) cozy.credentials.deleteClient(sharing.sharer.party.hostClientId);
}

async function askToRevoke(cozy: CozyV1aState, sharing: Sharing, party: Party): Promise<void> {
  const peer = peerOf(cozy, sharing, party);
  if (peer === null) return;
  const path = `/sharings/${sharing.sharingId}?Recursive=false`;
  await callPeer(cozy, peer, "DELETE", path).catch(() => undefined);
}

function closeParty(cozy: CozyV1aState, sharing: Sharing, party: Party): void {
  if (sharing.type === "master-master") cozy.credentials.deleteClient(party.hostClientId);
  party.status = "revoked";
  party.client = null;
  party.pair = null;
}

/** `DELETE /sharings/:sharing-id/recipient/:contact-id`, for apps of the owner. */
export async function revokeRecipient(
  cozy: CozyV1aState,
  request: CozyRequest,
  sharingId: string,
  contactId: string,
): Promise<Reply> {
  const sharing = sharingOf(cozy, sharingId);
  const { rules } = holderForDeletion(cozy, request);
  if (!coversAll(rules, sharing.rules)) throw forbidden("the token does not hold the permissions");
  if (!sharing.owner) throw unqualified("Only the sharer can revoke a recipient");
  const party = sharing.recipients.find((each) => each.contactId === contactId);
  if (party === undefined) throw notFound("Recipient does not exist");
  await askToRevoke(cozy, sharing, party);
  closeParty(cozy, sharing, party);
  closeIfEmpty(sharing);
  return empty(200);
}

/**
 * `DELETE /sharings/:sharing-id/:client-id`, for a recipient's stack. The reference leaves open which of the two client
 * ids of a recipient is meant: both find him.
 */
export function leaveAsRecipient(
  cozy: CozyV1aState,
  request: CozyRequest,
  sharingId: string,
  clientId: string,
): Reply {
  const sharing = sharingOf(cozy, sharingId);
  const party = sharing.recipients.find(
    ({ client, hostClientId }) => client?.client_id === clientId || hostClientId === clientId,
  );
  if (party === undefined || clientId === "") throw notFound("Recipient does not exist");
  const holder = holderForDeletion(cozy, request);
  if (holder.kind !== "access" || holder.name !== party.hostClientId) {
    throw forbidden("the token is not of this recipient");
  }
  closeParty(cozy, sharing, party);
  closeIfEmpty(sharing);
  return empty(200);
}

function closeIfEmpty(sharing: Sharing): void {
  if (!sharing.recipients.every(({ status }) => status === "revoked" || status === "refused")) return;
  sharing.triggers = [];
  sharing.revoked = true;
}

/** On these routes trouble with the token is 403 too, with an error object (reference/cozy.md, section 9). */
function holderForDeletion(cozy: CozyV1aState, request: CozyRequest): Holder {
  try {
    return cozy.credentials.holderOf(request);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    throw jsonError(403, { message: cause.message }, cause.message);
  }
}

function forbidden(why: string): Refused {
  return jsonError(403, {}, why);
}
