import { addressKey } from "../domain/address.ts";
import { type RecipientEvent, recipientAfter } from "../domain/recipient.ts";
import {
  type CozyMemberRow,
  type CozySharingRow,
  hashOf,
  insertCozyMember,
  sealMember,
  updateCozyMember,
} from "../store/cozy-sharings.ts";
import { readRecipient } from "../store/invited.ts";
import { addRecord } from "../store/records.ts";
import { insertRecipients, type RecipientRow, readSharer, setRecipientState } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { liftSuppression } from "../store/suppressions.ts";
import type { OwnerActions } from "./owner-actions.ts";
import type { InstanceParts } from "./parts.ts";

/** Somebody to be invited: a contact, or only an address or a Cozy. */
export interface Invited {
  readonly contactId: string | null;
  readonly name: string | null;
  readonly address: string | null;
  /** `https://host[:port]` of his Cozy; null while it is not known. */
  readonly instanceUrl: string | null;
  readonly isReadOnly: boolean;
}

type MemberParts = Pick<InstanceParts, "newId" | "sealer">;

/** Adds a member to a sharing of the account, as this generation begins him, and the recipient as whom the owner sees him. */
export async function addMember(
  db: Db,
  {
    sharing,
    ownUrl,
    place,
    invited,
  }: {
    readonly sharing: CozySharingRow;
    readonly ownUrl: string;
    readonly place: number;
    readonly invited: Invited;
  },
  actions: Pick<OwnerActions, "newMember">,
  parts: MemberParts,
): Promise<void> {
  const id = parts.newId("y");
  const { status, secret } = actions.newMember({
    ownUrl,
    documentId: sharing.document_id,
    sharingType: sharing.sharing_type,
    ...invited,
  });
  await insertCozyMember(db, {
    id,
    cozy_sharing_id: sharing.id,
    place,
    contact_id: invited.contactId,
    recipient_id: await addRecipient(db, sharing, invited, parts),
    name: invited.name,
    public_name: null,
    address: invited.address,
    instance_url: invited.instanceUrl,
    status,
    is_read_only: invited.isReadOnly ? 1 : 0,
    secret_hash: secret === null ? null : hashOf(secret),
    secret_sealed: secret === null ? null : sealMember(parts.sealer, id, "secret_sealed", secret),
    client_sealed: null,
    token_sealed: null,
    inbound_client_id: null,
    replication_id: null,
    error: null,
    updated_at: Date.now(),
  });
}

/** His id; null where nothing is known of him. */
async function addRecipient(
  db: Db,
  { sharing_id: sharingId, account_id: accountId }: CozySharingRow,
  invited: Invited,
  { newId }: MemberParts,
): Promise<string | null> {
  const known = knownBy(invited);
  if (sharingId === null || known === null) return null;
  const sharer = await readSharer(db, { id: accountId });
  const id = newId("r");
  const nowMs = Date.now();
  await insertRecipients(db, {
    recipients: [
      {
        id,
        sharing_id: sharingId,
        ...known,
        name: invited.name,
        locale: sharer?.locale ?? "en",
        state: "mail-not-sent",
        reason: null,
        created_at: nowMs,
        updated_at: nowMs,
        told_by: null,
        link_sealed: null,
      },
    ],
    invitations: [],
  });
  return id;
}

/** By his mail address, else by the host of his Cozy: that is no mail address, and nothing is ever sent to it. */
function knownBy({ address, instanceUrl }: Invited): Pick<RecipientRow, "address" | "address_key"> | null {
  const key = addressKey(address ?? "");
  if (address !== null && key !== null) return { address, address_key: key };
  const host = instanceUrl === null ? undefined : URL.parse(instanceUrl)?.host;
  return host === undefined ? null : { address: host, address_key: host };
}

/** What happened to a member. */
export interface Move {
  /** The generation's own word from now on. */
  readonly status: string;
  /** What it is for the owner's view; null for nothing. */
  readonly event: RecipientEvent | null;
  /** Kebab-case; null where the state says all. */
  readonly reason: string | null;
  /** Why the last call to his Cozy failed; null where none did. */
  readonly error?: string | null;
}

/**
 * Moves a member of a sharing of the account, in the caller's transaction: the generation's word, and in the owner's view his
 * state with its record. An event that does not apply to that state changes nothing there (domain/recipient.ts).
 */
export async function moveMember(
  db: Db,
  { sharing, member }: { readonly sharing: CozySharingRow; readonly member: CozyMemberRow },
  { status, event, reason, error = null }: Move,
  parts: Pick<InstanceParts, "withdrawMails">,
): Promise<void> {
  await updateCozyMember(db, member.id, { status, error });
  const recipient = member.recipient_id === null ? undefined : await readRecipient(db, member.recipient_id);
  if (recipient === undefined || event === null) return;
  const state = recipientAfter(recipient.state, event);
  if (state === recipient.state) return;
  await setRecipientState(db, recipient.id, { state, reason });
  const about = { accountId: sharing.account_id, sharingId: recipient.sharing_id, recipientId: recipient.id };
  await addRecord(db, about, "outcome", { what: event, generation: sharing.generation, because: reason });
  if (state !== "pending") await parts.withdrawMails(db, about);
  // Whoever follows the sharing has read a mail there, where he was mailed.
  if (state === "accepted" && recipient.link_sealed !== null)
    await liftSuppression(db, recipient.address_key);
}
