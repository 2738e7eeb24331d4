import { addressKey } from "../../domain/address.ts";
import type { AskedRecipient } from "../../domain/cozy-request.ts";
import { limits } from "../../domain/limits.ts";
import type { Instance } from "../../http/peer-route.ts";
import { type CozyMemberRow, cozyMembersOf, type CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { addMember, type Invited } from "../members.ts";
import { actionsFor, type ApiParts } from "./actions.ts";
import { findInvited } from "./invited.ts";

/**
 * More members for a sharing that stands. Who is a member already stays as he is; whom it was taken back from begins anew where
 * his generation has that. In the caller's transaction.
 */
export async function addRecipients(
  db: Db,
  wanted: {
    readonly instance: Pick<Instance, "accountId" | "url">;
    readonly sharing: CozySharingRow;
    readonly recipients: readonly AskedRecipient[];
    /** Whether they are asked at once. */
    readonly isAsked: boolean;
  },
  parts: ApiParts,
): Promise<CozySharingRow> {
  const { instance, sharing, recipients, isAsked } = wanted;
  if (sharing.revoked_at !== null) {
    throw new JsonApiError(409, { detail: "The sharing was taken back; share anew." });
  }
  const { generation } = sharing;
  const actions = actionsFor(sharing, parts);
  const members = await cozyMembersOf(db, sharing.id);
  const invited = await findInvited(db, instance.accountId, { generation, recipients });
  const added = invited.filter((one) => !members.some((member) => isSame(member, one)));
  if (members.length + added.length > limits.cozyMembers) {
    throw new JsonApiError(422, {
      detail: `A sharing has at most ${limits.cozyMembers} recipients.`,
      field: "recipients",
    });
  }
  const next = Math.max(0, ...members.map(({ place }) => place)) + 1;
  for (const [place, one] of added.entries()) {
    await addMember(db, { sharing, ownUrl: instance.url, place: next + place, invited: one }, actions, parts);
  }
  for (const member of members.filter(({ status }) => status === "revoked")) {
    const again = invited.find((one) => isSame(member, one));
    if (again !== undefined) await actions.renewMember?.(db, sharing, member, again);
  }
  if (isAsked) await actions.invite(db, sharing);
  return sharing;
}

/** Another member may have brought him in, by his address or his Cozy alone. */
function isSame(
  { contact_id: contactId, address, instance_url: url }: CozyMemberRow,
  invited: Invited,
): boolean {
  if (contactId !== null && invited.contactId !== null) return contactId === invited.contactId;
  if (address !== null && invited.address !== null)
    return addressKey(address) === addressKey(invited.address);
  return url !== null && url === invited.instanceUrl;
}
