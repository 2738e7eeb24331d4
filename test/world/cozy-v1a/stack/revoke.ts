import type { Reply } from "../../faulty-answers.ts";
import { type Party, peerOf, type Sharing, type SharingCozy, sharingOf } from "./sharing.ts";
import type { Holder } from "./credentials.ts";
import { coversAll, sameRules } from "./permissions.ts";
import { callPeer } from "./transport.ts";
import { type CozyRequest, empty, jsonError, notFound, Refused, unqualified } from "./wire.ts";

/**
 * `DELETE /sharings/:sharing-id` (reference/cozy.md 8.2). An app whose token holds the permissions makes the other side
 * be told; the sharer's own token, on a recipient, does not.
 */
export async function revokeSharing(
  cozy: SharingCozy,
  request: CozyRequest,
  sharingId: string,
): Promise<Reply> {
  const sharing = sharingOf(cozy, sharingId);
  const holder = holderForDeletion(cozy, request);
  if (holder.kind === "app") {
    if (!coversAll(holder.rules, sharing.rules)) throw notAllowed("the app does not hold the permissions");
    await (sharing.owner ? endSharing(cozy, sharing) : leaveSharing(cozy, sharing));
    return empty(200);
  }
  if (sharing.owner) throw notAllowed("an OAuth token does not revoke a sharing of the owner");
  if (!sameRules(holder.rules, sharing.rules)) throw notAllowed("the token holds other permissions");
  if (sharing.sharer?.party.hostClientId !== holder.name) throw notAllowed("the token is of another client");
  closeHere(cozy, sharing);
  return empty(200);
}

/** The sharer's half of the table: every recipient is asked, a failing one stops nothing. */
async function endSharing(cozy: SharingCozy, sharing: Sharing): Promise<void> {
  sharing.triggers = [];
  for (const party of sharing.recipients) {
    if (party.status !== "accepted") continue;
    await askToRevoke(cozy, sharing, party);
    if (cozy.losesStates) dropClient(cozy, sharing, party);
    else closeParty(cozy, sharing, party);
  }
  sharing.revoked = true;
}

/** The recipient's half: the sharer's client goes, and where there are credentials for it he is asked to revoke. */
export async function leaveSharing(cozy: SharingCozy, sharing: Sharing): Promise<void> {
  const { sharer, flow } = sharing;
  const peer = sharer === null ? null : peerOf(cozy, sharing, sharer.party);
  const hostClientId = sharer?.party.hostClientId ?? "";
  closeHere(cozy, sharing);
  if (flow !== "both" || peer === null) return;
  const path = cozy.leavePath(sharing, hostClientId);
  await callPeer(cozy, peer, "DELETE", path).catch(() => undefined);
}

function closeHere(cozy: SharingCozy, sharing: Sharing): void {
  sharing.triggers = [];
  sharing.revoked = true;
  if (sharing.sharer !== null) cozy.credentials.deleteClient(sharing.sharer.party.hostClientId);
}

async function askToRevoke(cozy: SharingCozy, sharing: Sharing, party: Party): Promise<void> {
  const peer = peerOf(cozy, sharing, party);
  if (peer === null) return;
  const path = `/sharings/${sharing.sharingId}?Recursive=false`;
  await callPeer(cozy, peer, "DELETE", path).catch(() => undefined);
}

function dropClient({ credentials }: SharingCozy, { flow }: Sharing, { hostClientId }: Party): void {
  if (flow === "both") credentials.deleteClient(hostClientId);
}

function closeParty(cozy: SharingCozy, sharing: Sharing, party: Party): void {
  dropClient(cozy, sharing, party);
  party.status = "revoked";
  party.client = null;
  party.pair = null;
}

/** `DELETE /sharings/:sharing-id/recipient/:contact-id`, for apps of the owner. */
export async function revokeRecipient(
  cozy: SharingCozy,
  request: CozyRequest,
  sharingId: string,
  contactId: string,
): Promise<Reply> {
  const sharing = sharingOf(cozy, sharingId);
  const { rules } = holderForDeletion(cozy, request);
  if (!coversAll(rules, sharing.rules)) throw notAllowed("the token does not hold the permissions");
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
  cozy: SharingCozy,
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
    throw notAllowed("the token is not of this recipient");
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
function holderForDeletion(cozy: SharingCozy, request: CozyRequest): Holder {
  try {
    return cozy.credentials.holderOf(request);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    throw jsonError(403, { message: cause.message }, cause.message);
  }
}

function notAllowed(why: string): Refused {
  return jsonError(403, {}, why);
}
