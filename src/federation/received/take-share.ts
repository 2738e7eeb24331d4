import { isTooDeep } from "../../domain/json.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { type OcmAddress, readOcmAddress, readPeerHost } from "../../protocols/ocm/address.ts";
import { type OfferedShare, readShare, type ValidationError } from "../../protocols/ocm/share-body.ts";
import { readUserId } from "../../protocols/ocm/user-id.ts";
import type { AccountRow } from "../../store/accounts.ts";
import { ocmContactsAt } from "../../store/ocm-contacts.ts";
import { ownAccount } from "../own-account.ts";
import type { FederationParts } from "../parts.ts";
import { comeBack, refusal } from "../refusal.ts";
import { type Arrival, keepShare } from "./keep-share.ts";
import { speakerOf } from "./speaker.ts";

/**
 * POST /ocm/shares (reference/ocm.md 4.3, 6.2): somebody at another server shares with an account. What is wrong with the body,
 * and whether there is such an account, is looked at before any other server is asked.
 */
export async function takeShare(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const site = parts.siteUrl();
  if (site === null) return refusal(404, "Open Cloud Mesh is switched off here");
  const read = readShare(jsonOf(request.body));
  if (read.kind === "invalid") return refusal(400, "Missing or wrong arguments", read.errors);
  if (read.kind === "unsupported") return refusal(501, read.detail);
  const people = peopleIn(read.share, site);
  if (people.kind === "wrong") return refusal(400, people.message, [people.error]);
  const account = await ownAccount(parts.store.db, people.recipient.identifier, site);
  if (account === undefined) return unknownRecipient(request);
  const { owner, sender } = people;
  const speaker = await speakerOf(parts, request, owner.host);
  if (speaker.kind === "refused") return speaker.reply;
  if (speaker.kind === "signed" && sender.host !== owner.host) {
    parts.tell("peer-refused", { host: owner.host, reason: "sender-of-other-host" });
    return refusal(401, "The signature does not speak for the sender");
  }
  const isContact = await isKnown(parts, account, people);
  if (!isContact && parts.settings().mustInvite) {
    parts.tell("peer-refused", { host: owner.host, reason: "not-invited" });
    return refusal(403, "The recipient has exchanged no invitation with the sender");
  }
  const { share } = read;
  const arrival: Arrival = {
    account,
    share,
    owner,
    isContact,
    signer: speaker.kind === "signed" ? speaker : null,
    recipient: people.recipient,
  };
  return parts.store.transaction(async (db) => keepShare(db, arrival, parts));
}

/** JSON whatever its type says: ocm-stub sends none (reference/ocm.md 4.5). Null for anything else. */
export function jsonOf(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return null;
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isTooDeep(value) ? null : value;
  } catch {
    return null;
  }
}

interface People {
  readonly kind: "people";
  readonly recipient: OcmAddress;
  readonly owner: OcmAddress;
  readonly sender: OcmAddress;
}

interface Wrong {
  readonly kind: "wrong";
  readonly message: string;
  readonly error: ValidationError;
}

function peopleIn(share: OfferedShare, site: string): People | Wrong {
  const recipient = readOcmAddress(share.shareWith);
  const owner = readOcmAddress(share.owner);
  const sender = readOcmAddress(share.sender);
  if (recipient?.host !== readPeerHost(site))
    return wrong("shareWith", "The recipient is not of this server");
  if (owner === null) return wrong("owner", "The owner is no address of Open Cloud Mesh");
  if (sender === null) return wrong("sender", "The sender is no address of Open Cloud Mesh");
  const isOver = share.expiresAt !== null && share.expiresAt <= Date.now();
  if (isOver) return wrong("expiration", "The share is over already");
  return { kind: "people", recipient, owner, sender };
}

function wrong(name: string, message: string): Wrong {
  return { kind: "wrong", message, error: { name, message: "INVALID" } };
}

/** Who tries one name after the other is sent away for a while. */
function unknownRecipient({ countWrongSecret }: PeerRequest<null>): PeerReply {
  const waitMs = countWrongSecret();
  if (waitMs !== null) return comeBack(429, "Too many unknown recipients", waitMs);
  return refusal(400, "There is no such user here", [{ name: "shareWith", message: "NOT_FOUND" }]);
}

/** Whether the account exchanged an invitation with the owner, or with the sender at the same server. */
async function isKnown(
  { store }: FederationParts,
  account: AccountRow,
  { owner, sender }: People,
): Promise<boolean> {
  const names = [owner, ...(sender.host === owner.host ? [sender] : [])].map(({ identifier }) => identifier);
  const contacts = await ocmContactsAt(store.db, account.id, owner.host);
  return contacts.some(({ user_id: userId }) => names.includes(readUserId(userId, owner.host).identifier));
}
