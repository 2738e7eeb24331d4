import { groupsType } from "../../domain/cozy-document.ts";
import type { AskedGroup } from "../../domain/cozy-request.ts";
import { limits } from "../../domain/limits.ts";
import { type ContactRow, listContacts } from "../../store/contacts.ts";
import { readDocument } from "../../store/cozy-documents.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  cozySharingById,
  type CozySharingRow,
  cozySharingsOf,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "../documents/access.ts";
import { JsonApiError } from "../json-api.ts";
import { addMember } from "../members.ts";
import { recordEnd } from "../own-sharing.ts";
import { groupsIn, groupsOfMember, keepGroups } from "../shared-groups.ts";
import { actionsFor, type ApiParts } from "./actions.ts";
import { groupsOf as groupsOfContact } from "./contacts.ts";
import { invitedOf, isSame } from "./invited.ts";

// Groups of contacts in a sharing of today's cozy-stack (reference/cozy.md 7.1, 8.2): their contacts are members, for as long
// as they are in the group and the group is in the sharing.

interface Place {
  readonly sharing: CozySharingRow;
  readonly ownUrl: string;
}

/** Brings groups into a sharing with all their contacts, who are asked by whoever calls. Throws JsonApiError. */
export async function addGroups(
  db: Db,
  { sharing, ownUrl }: Place,
  asked: readonly AskedGroup[],
  parts: ApiParts,
): Promise<void> {
  for (const group of asked) {
    if (sharing.generation !== "v3") {
      const detail = "Only sharings of today's protocol are with groups; name the contacts.";
      throw new JsonApiError(422, { detail, field: group.field });
    }
    const now = await standing(db, sharing);
    await addGroup(db, { sharing: now, ownUrl }, group, parts);
  }
}

async function addGroup(db: Db, place: Place, asked: AskedGroup, parts: ApiParts): Promise<void> {
  const { sharing } = place;
  const { id, field, isReadOnly } = asked;
  const groups = groupsIn(sharing);
  if (groups.some((each) => each.id === id && each.revoked !== true)) {
    throw new JsonApiError(400, { detail: "The group is in this sharing already.", field });
  }
  if (groups.length >= limits.cozyMembers) {
    throw new JsonApiError(400, { detail: `A sharing has at most ${limits.cozyMembers} groups.`, field });
  }
  const found = await readDocument(db, { accountId: sharing.account_id, doctype: groupsType, id });
  if (found === undefined || found.is_deleted === 1) {
    throw new JsonApiError(404, {
      detail: `There is no such group; keep it first under /data/${groupsType}/.`,
      field,
    });
  }
  const name = bodyOf(found)["name"];
  const group = { id, name: typeof name === "string" ? name : "", addedBy: 0, read_only: isReadOnly };
  await keepGroups(db, sharing, [...groups, group]);
  for (const contact of await listContacts(db, sharing.account_id)) {
    if (groupsOfContact(contact).includes(id))
      await join(db, place, { contact, index: groups.length, isReadOnly }, parts);
  }
}

/** A contact of a group becomes a member, or is known to be in it as well. */
async function join(
  db: Db,
  { sharing, ownUrl }: Place,
  {
    contact,
    index,
    isReadOnly,
  }: { readonly contact: ContactRow; readonly index: number; readonly isReadOnly: boolean },
  parts: ApiParts,
): Promise<void> {
  const invited = invitedOf(contact, isReadOnly);
  const members = await cozyMembersOf(db, sharing.id);
  const known = members.find((member) => isSame(member, invited));
  const actions = actionsFor(sharing, parts);
  if (known !== undefined && known.status !== "revoked") {
    const groups = [...new Set([...groupsOfMember(known), index])].toSorted((one, other) => one - other);
    return updateCozyMember(db, known.id, { groups_json: JSON.stringify(groups) });
  }
  if (known !== undefined) await actions.renewMember?.(db, sharing, known, invited);
  else if (members.length >= limits.cozyMembers) {
    const detail = `A sharing with this group has ${limits.cozyMembers} recipients and takes no more; take it back from somebody first.`;
    throw new JsonApiError(400, { detail });
  } else {
    const place = Math.max(0, ...members.map((member) => member.place)) + 1;
    await addMember(db, { sharing, ownUrl, place, invited }, actions, parts);
  }
  const added = (await cozyMembersOf(db, sharing.id)).find((member) => isSame(member, invited));
  if (added === undefined) throw new Error("A member who was added is not there.");
  await updateCozyMember(db, added.id, { groups_json: JSON.stringify([index]), is_only_in_groups: 1 });
}

/** Takes a sharing back from a group: from those members who are there through it alone. Throws JsonApiError 404. */
export async function revokeGroup(
  db: Db,
  { sharing, index, by }: { readonly sharing: CozySharingRow; readonly index: number; readonly by: string },
  parts: ApiParts,
): Promise<void> {
  const groups = groupsIn(sharing);
  const group = groups[index];
  if (group === undefined || group.revoked === true) {
    throw new JsonApiError(404, { detail: "The sharing has no such group." });
  }
  await recordEnd(db, sharing, { by, isWhole: false });
  await keepGroups(db, sharing, groups.with(index, { ...group, revoked: true }));
  for (const member of await cozyMembersOf(db, sharing.id)) await part(db, { sharing, member, index }, parts);
  await actionsFor(sharing, parts).tellMembers?.(db, await standing(db, sharing));
}

/** A member is in a group no more; who was there through groups alone, and is in none now, has the sharing no more. */
async function part(
  db: Db,
  {
    sharing,
    member,
    index,
  }: { readonly sharing: CozySharingRow; readonly member: CozyMemberRow; readonly index: number },
  parts: ApiParts,
): Promise<void> {
  const groups = groupsOfMember(member);
  if (!groups.includes(index)) return;
  const left = groups.filter((each) => each !== index);
  await updateCozyMember(db, member.id, { groups_json: JSON.stringify(left) });
  if (member.is_only_in_groups === 0 || left.length > 0) return;
  await actionsFor(sharing, parts).revokeMember(db, await standing(db, sharing), member);
}

/** A contact is in other groups than before, or in none: null where he is not known yet, or no more. */
interface Moved {
  readonly before: ContactRow | null;
  readonly after: ContactRow | null;
}

/** Sharings with the groups that a contact has entered or left follow. */
export async function followGroups(db: Db, moved: Moved, parts: ApiParts): Promise<void> {
  const [was, is] = [idsOf(moved.before), idsOf(moved.after)];
  const changed = new Set([...was, ...is].filter((id) => was.includes(id) !== is.includes(id)));
  const accountId = (moved.before ?? moved.after)?.account_id ?? "";
  const ownUrl = changed.size === 0 ? null : await instanceUrlOf(db, accountId);
  if (ownUrl === null) return;
  const own = (await cozySharingsOf(db, accountId)).filter(
    (sharing) => sharing.is_owner === 1 && sharing.generation === "v3" && sharing.revoked_at === null,
  );
  for (const sharing of own) await followIn(db, { sharing, ownUrl }, { ...moved, changed }, parts);
}

function idsOf(contact: ContactRow | null): readonly string[] {
  return contact === null ? [] : groupsOfContact(contact);
}

async function followIn(
  db: Db,
  place: Place,
  { before, after, changed }: Moved & { readonly changed: ReadonlySet<string> },
  parts: ApiParts,
): Promise<void> {
  const { sharing } = place;
  const groups = [...groupsIn(sharing).entries()].filter(
    ([, { id, revoked }]) => revoked !== true && changed.has(id),
  );
  for (const [index, { id, read_only: isReadOnly }] of groups) {
    if (after !== null && idsOf(after).includes(id))
      await join(db, place, { contact: after, index, isReadOnly }, parts);
    else if (before !== null) await leave(db, sharing, { contact: before, index }, parts);
  }
  if (groups.length === 0) return;
  const now = await standing(db, sharing);
  await actionsFor(now, parts).invite(db, now);
  await actionsFor(now, parts).tellMembers?.(db, now);
}

async function leave(
  db: Db,
  sharing: CozySharingRow,
  { contact, index }: { readonly contact: ContactRow; readonly index: number },
  parts: ApiParts,
): Promise<void> {
  const members = await cozyMembersOf(db, sharing.id);
  const member = members.find((each) => isSame(each, invitedOf(contact, false)));
  if (member !== undefined) await part(db, { sharing, member, index }, parts);
}

async function standing(db: Db, { id }: CozySharingRow): Promise<CozySharingRow> {
  const row = await cozySharingById(db, id);
  if (row === undefined) throw new Error("A sharing that groups are brought into is gone.");
  return row;
}
