import type { Reply } from "../faulty-answers.ts";
import { callPeer } from "./calls.ts";
import { type Instance, invalidSharing, memberNotFound, ownSharing, selfIn, sharingOf } from "./instance.ts";
import { memberAt } from "./members.ts";
import { tellMembers } from "./members-list.ts";
import { type Credentials, type Member, noCredentials, ownerOf, type Sharing } from "./model.ts";
import { deleteClient, sharingClient } from "./oauth.ts";
import { expirePreview, takeCode } from "./sharecodes.ts";
import { removeShortcut } from "./shortcuts.ts";
import { type CozyRequest, nothing, Refusal } from "./wire.ts";

/** The owner takes the whole sharing back (reference/cozy.md 8.2). */
export async function revokeAll(instance: Instance, id: string): Promise<void> {
  const sharing = ownSharing(instance, id);
  await Promise.all(sharing.members.slice(1).map(async (member) => revokeOne(instance, sharing, member)));
  disable(instance, sharing);
}

/** The owner takes it back from one member; with the last one it ends, else the others get the new list. */
export async function revokeMember(instance: Instance, id: string, index: number): Promise<void> {
  const sharing = ownSharing(instance, id);
  await revokeOne(instance, sharing, memberAt(sharing, index));
  afterRevocation(instance, sharing);
}

/** The owner takes it back from a group: from members that are in no other one and were not invited by name. */
export async function revokeGroup(instance: Instance, id: string, index: number): Promise<void> {
  const sharing = ownSharing(instance, id);
  const group = sharing.groups[index];
  if (group === undefined) throw new Refusal(404, "The group was not found");
  group.revoked = true;
  const inside = sharing.members.filter(({ groups }) => groups.includes(index));
  for (const member of inside) member.groups = member.groups.filter((each) => each !== index);
  const alone = inside.filter(({ only_in_groups, groups }) => only_in_groups && groups.length === 0);
  await Promise.all(alone.map(async (member) => revokeOne(instance, sharing, member)));
  afterRevocation(instance, sharing);
}

/** Only who accepted is told, of drives also who did not; who cannot be reached is revoked all the same. */
async function revokeOne(instance: Instance, sharing: Sharing, member: Member): Promise<void> {
  const index = sharing.members.indexOf(member) - 1;
  const credentials = sharing.credentials[index];
  if (member.status === "revoked" || credentials === undefined) return;
  if (member.status === "ready") await notify(instance, sharing, member, credentials, "");
  else if (sharing.drive && member.instance !== "") {
    await instance.call({
      method: "DELETE",
      url: `${member.instance}/sharings/${sharing.id}`,
      bearer: credentials.drive_token,
    });
  }
  dropMember(instance, sharing, member, index);
}

async function notify(
  instance: Instance,
  sharing: Sharing,
  member: Member,
  credentials: Credentials,
  path: string,
): Promise<void> {
  const answer = await callPeer(instance, sharing, member, credentials, { method: "DELETE", path });
  const said = answer.kind === "unreachable" ? "nothing" : `${answer.status}`;
  if (said !== "204") instance.failures.push(`${new URL(member.instance).host} was told of an end: ${said}`);
}

function dropMember(instance: Instance, sharing: Sharing, member: Member, index: number): void {
  deleteClient(instance, sharing.credentials[index]?.inbound_client_id ?? "");
  takeCode(instance, sharing, member);
  sharing.credentials[index] = noCredentials();
  member.status = "revoked";
}

function afterRevocation(instance: Instance, sharing: Sharing): void {
  const isLast = sharing.members.slice(1).every(({ status }) => status === "revoked");
  if (isLast) disable(instance, sharing);
  else tellMembers(instance, sharing);
}

/** Drives go with their last member, but for those of an organization. */
function disable(instance: Instance, sharing: Sharing): void {
  expirePreview(instance, sharing);
  sharing.active = false;
  if (sharing.drive && !sharing.org_drive) instance.sharings.delete(sharing.id);
}

/** A recipient leaves, and tells the owner (reference/cozy.md 8.2). */
export async function leave(instance: Instance, id: string): Promise<void> {
  const sharing = sharingOf(instance, id);
  const [credentials] = sharing.credentials;
  if (sharing.owner || !sharing.active || credentials === undefined) throw invalidSharing();
  await notify(instance, sharing, ownerOf(sharing), credentials, "/answer");
  endHere(instance, sharing);
}

/** DELETE /sharings/:id by the owner, with the token that it got or, for a drive, the drive_token that it gave. */
export function endedByOwner(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  const driveToken = sharing.credentials[0]?.drive_token ?? "";
  const isDrive = sharing.drive && driveToken !== "" && request.bearer === driveToken;
  if (!isDrive) sharingClient(instance, request, sharing, "ALL");
  if (sharing.owner) throw invalidSharing();
  endHere(instance, sharing);
  return nothing;
}

/** DELETE /sharings/:id/answer by a recipient that leaves. */
export function endedByMember(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  const clientId = sharingClient(instance, request, sharing, "GET");
  if (!sharing.owner) throw invalidSharing();
  const index = sharing.credentials.findIndex(({ inbound_client_id: inbound }) => inbound === clientId);
  const member = sharing.members[index + 1];
  if (index < 0 || member === undefined) throw memberNotFound();
  dropMember(instance, sharing, member, index);
  afterRevocation(instance, sharing);
  return nothing;
}

function endHere(instance: Instance, sharing: Sharing): void {
  deleteClient(instance, sharing.credentials[0]?.inbound_client_id ?? "");
  removeShortcut(instance, sharing);
  sharing.credentials = [noCredentials()];
  sharing.active = false;
  const self = selfIn(instance, sharing);
  if (self !== null) self.status = "revoked";
}
