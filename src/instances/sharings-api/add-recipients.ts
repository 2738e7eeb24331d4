import type { AskedGroup, AskedRecipient } from "../../domain/cozy-request.ts";
import { limits } from "../../domain/limits.ts";
import type { Instance } from "../../http/peer-route.ts";
import {
  cozyMembersOf,
  cozySharingById,
  type CozySharingRow,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { addMember } from "../members.ts";
import { actionsFor, type ApiParts } from "./actions.ts";
import { addGroups } from "./groups.ts";
import { findInvited, isSame } from "./invited.ts";

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
    readonly groups?: readonly AskedGroup[];
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
  for (const member of members) {
    const again = invited.find((one) => isSame(member, one));
    if (again === undefined) continue;
    if (member.status === "revoked") await actions.renewMember?.(db, sharing, member, again);
    // From now on he is no member through his groups alone.
    await updateCozyMember(db, member.id, { is_only_in_groups: 0 });
  }
  await addGroups(db, { sharing, ownUrl: instance.url }, wanted.groups ?? [], parts);
  if (!isAsked) return sharing;
  const after = (await cozySharingById(db, sharing.id)) ?? sharing;
  await actions.invite(db, after);
  await actions.tellMembers?.(db, after);
  return after;
}
