import { ownerState } from "../../domain/cozy-status.ts";
import type { RecipientState } from "../../domain/recipient.ts";
import type { Instance } from "../../http/peer-route.ts";
import { contactsType } from "../../domain/cozy-document.ts";
import { contactById, type ContactRow } from "../../store/contacts.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  shareIdOf,
} from "../../store/cozy-sharings.ts";
import { readRecipient } from "../../store/invited.ts";
import type { Sealer } from "../../store/sealing.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { revisionOf } from "../revision.ts";
import { groupsOfMember } from "../shared-groups.ts";
import { contactAttributes, contactRevision } from "./contacts.ts";

interface Shown {
  readonly member: CozyMemberRow;
  readonly contact: ContactRow | undefined;
  /** In the owner's words, or those of the generation where it shows its own. */
  readonly status: string;
}

/** A sharing as the JSON:API document that applications read (reference/cozy.md 5.3 and 7.1). No credentials. */
export async function showSharing(
  db: Db,
  sharing: CozySharingRow,
  { instance, sealer }: { readonly instance: Pick<Instance, "accountId" | "url">; readonly sealer: Sealer },
): Promise<object> {
  const members = await shownMembers(db, sharing);
  const { document_id: id, generation } = sharing;
  const attributes =
    generation === "v3"
      ? await currentAttributes(db, sharing, members, instance)
      : earlierAttributes(sharing, members, sealer);
  const recipients = sharing.is_owner === 1 ? members : [];
  return {
    data: {
      type: "io.cozy.sharings",
      id,
      attributes,
      meta: { rev: revisionOf(sharing.revision, id) },
      links: { self: `/sharings/${id}` },
      relationships: {
        recipients: {
          data: recipients.map(({ member, status }) => ({
            id: member.contact_id ?? member.id,
            type: contactsType,
            status,
            ...troubleOf(generation, member),
          })),
        },
      },
    },
    included: recipients.flatMap(({ contact }) => (contact === undefined ? [] : [includedContact(contact)])),
  };
}

/** Where his Cozy is, which only v2 does not show elsewhere, and why the last call there failed. */
function troubleOf(
  generation: CozySharingRow["generation"],
  { instance_url: url, error }: CozyMemberRow,
): object {
  const meta = { ...(generation === "v2" ? optional("instance", url) : {}), ...optional("error", error) };
  return Object.keys(meta).length === 0 ? {} : { meta };
}

async function shownMembers(db: Db, sharing: CozySharingRow): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  for (const member of await cozyMembersOf(db, sharing.id)) {
    const contact =
      member.contact_id === null ? undefined : await contactById(db, sharing.account_id, member.contact_id);
    shown.push({ member, contact, status: await statusOf(db, sharing, member) });
  }
  return shown;
}

async function statusOf(db: Db, sharing: CozySharingRow, member: CozyMemberRow): Promise<string> {
  return sharing.generation === "v3" ? member.status : memberState(db, sharing, member);
}

/** What the owner is shown of a member. */
export async function memberState(
  db: Db,
  { generation }: Pick<CozySharingRow, "generation">,
  member: CozyMemberRow,
): Promise<RecipientState> {
  const recipient = member.recipient_id === null ? undefined : await readRecipient(db, member.recipient_id);
  return recipient?.state ?? ownerState(generation, member.status);
}

/** v1a, v1b and v2. */
function earlierAttributes(sharing: CozySharingRow, members: readonly Shown[], sealer: Sealer): object {
  const isOwner = sharing.is_owner === 1;
  const [sharer] = members;
  return {
    ...optional("description", sharing.description),
    sharing_id: shareIdOf(sealer, sharing),
    sharing_type: sharing.sharing_type,
    ...optional("app_slug", sharing.app_slug),
    ...optional("preview_path", sharing.preview_path),
    owner: isOwner,
    ...(sharing.revoked_at === null ? {} : { revoked: true }),
    ...(isOwner ? {} : { sharer: { url: sharer?.member.instance_url ?? "" } }),
    permissions: JSON.parse(sharing.rules_json) as unknown,
  };
}

/** v3: the owner is the first of the members. */
async function currentAttributes(
  db: Db,
  sharing: CozySharingRow,
  members: readonly Shown[],
  { accountId, url }: Pick<Instance, "accountId" | "url">,
): Promise<object> {
  const sharer = await readSharer(db, { id: accountId });
  const owner = {
    status: "owner",
    public_name: sharer?.name ?? "",
    email: sharer?.address ?? "",
    instance: url,
  };
  const attributes: unknown = JSON.parse(sharing.attributes_json);
  return {
    ...(typeof attributes === "object" ? attributes : {}),
    active: sharing.is_active === 1,
    owner: sharing.is_owner === 1,
    ...optional("description", sharing.description),
    ...optional("app_slug", sharing.app_slug),
    ...optional("preview_path", sharing.preview_path),
    created_at: new Date(sharing.created_at).toISOString(),
    updated_at: new Date(sharing.updated_at).toISOString(),
    rules: JSON.parse(sharing.rules_json) as unknown,
    members: [...(sharing.is_owner === 1 ? [owner] : []), ...members.map(memberView)],
  };
}

function memberView({ member, status }: Shown): object {
  const groups = groupsOfMember(member);
  return {
    status,
    ...optional("name", member.name),
    ...optional("public_name", member.public_name),
    ...optional("email", member.address),
    ...optional("instance", member.instance_url),
    ...(member.is_read_only === 1 ? { read_only: true } : {}),
    ...(member.is_only_in_groups === 1 ? { only_in_groups: true } : {}),
    ...(groups.length === 0 ? {} : { groups }),
  };
}

function includedContact(contact: ContactRow): object {
  return {
    type: contactsType,
    id: contact.id,
    attributes: contactAttributes(contact),
    meta: { rev: contactRevision(contact) },
    links: { self: `/data/${contactsType}/${contact.id}` },
  };
}

function optional(key: string, value: string | null): object {
  return value === null ? {} : { [key]: value };
}
