import { alreadyAccepted, type Contact, type Instance, memberNotFound } from "./instance.ts";
import { type Member, newCredentials, newMember, newState, type Sharing } from "./model.ts";
import { giveCodes, takeCode } from "./sharecodes.ts";
import { Refusal } from "./wire.ts";

/** A contact or a group of contacts, as JSON:API names it. */
export interface Invitee {
  readonly type: string;
  readonly id: string;
}

export interface Invitees {
  readonly recipients: readonly Invitee[];
  readonly read_only_recipients: readonly Invitee[];
}

/** Adds contacts and groups as members that were not mailed yet. */
export function addInvitees(instance: Instance, sharing: Sharing, invitees: Invitees): void {
  for (const each of invitees.recipients) addInvitee(instance, sharing, each, false);
  for (const each of invitees.read_only_recipients) addInvitee(instance, sharing, each, true);
  giveCodes(instance, sharing);
}

function addInvitee(instance: Instance, sharing: Sharing, { type, id }: Invitee, isReadOnly: boolean): void {
  if (type === "io.cozy.contacts.groups") return addGroup(instance, sharing, id, isReadOnly);
  const contact = type === "io.cozy.contacts" ? instance.contacts.get(id) : undefined;
  if (contact === undefined) throw new Refusal(404, "The contact was not found");
  addMember(instance, sharing, fromContact(contact, isReadOnly));
}

function addGroup(instance: Instance, sharing: Sharing, id: string, isReadOnly: boolean): void {
  const name = instance.groups.get(id);
  if (name === undefined) throw new Refusal(404, "The group was not found");
  if (sharing.groups.some((group) => group.id === id && !group.revoked)) {
    throw new Refusal(400, "The group is already in the sharing");
  }
  const index = sharing.groups.length;
  sharing.groups.push({ id, name, addedBy: 0, read_only: isReadOnly, revoked: false });
  for (const contact of instance.contacts.values()) {
    if (!contact.groups.includes(id)) continue;
    const known = sharing.members.find((member) => isSame(member, contact.email, contact.cozy));
    if (known === undefined || known.status === "revoked") {
      const added = { ...fromContact(contact, isReadOnly), only_in_groups: true, groups: [index] };
      addMember(instance, sharing, added);
    } else {
      known.groups.push(index);
    }
  }
}

function fromContact({ name, email, cozy }: Contact, isReadOnly: boolean): Member {
  return newMember({ name, email, instance: cozy, read_only: isReadOnly });
}

/**
 * Adds a member, or invites one again that has not accepted: with new credentials. A ready member stays as it is
 * (reference/cozy.md 8.1). Gives the member's index.
 */
export function addMember(instance: Instance, sharing: Sharing, member: Member): number {
  if (member.email === "" && member.instance === "") {
    throw new Refusal(422, "The recipient has no e-mail address", { pointer: "/data/attributes/recipients" });
  }
  const known = sharing.members.findIndex(
    (each, index) => index > 0 && isSame(each, member.email, member.instance),
  );
  if (known < 0) return append(instance, sharing, member);
  const before = sharing.members[known];
  if (before === undefined || before.status === "ready") return known;
  takeCode(instance, sharing, before);
  sharing.members[known] = { ...member, instance: member.instance || before.instance };
  sharing.credentials[known - 1] = credentialsFor(sharing);
  return known;
}

function append(instance: Instance, sharing: Sharing, member: Member): number {
  if (sharing.members.length >= instance.settings.maxMembersPerSharing) {
    throw new Refusal(400, "There are too many members for this sharing");
  }
  sharing.members.push(member);
  sharing.credentials.push(credentialsFor(sharing));
  return sharing.members.length - 1;
}

/** Files of drives keep their ids, and each member of one has a token for the time before its answer. */
function credentialsFor({ drive }: Sharing) {
  return drive ? newCredentials({ xor_key: [], drive_token: newState() }) : newCredentials();
}

function isSame(member: Member, email: string, instance: string): boolean {
  return (
    (email !== "" && member.email === email) ||
    (email === "" && instance !== "" && member.instance === instance)
  );
}

/** 409 where a member that is to be added has accepted already (reference/cozy.md 7.7). */
export function refuseReady(sharing: Sharing, { email, instance }: Member): void {
  const known = sharing.members.find((each) => isSame(each, email, instance));
  if (known?.status === "ready" || known?.status === "owner") throw alreadyAccepted();
}

/** A member other than the owner by its index in a path. */
export function memberAt(sharing: Sharing, index: number): Member {
  const member = index > 0 ? sharing.members[index] : undefined;
  if (member === undefined) throw memberNotFound();
  return member;
}

/** The member, not revoked, whose invitation carries this state; its index, or -1. */
export function indexOfState(sharing: Sharing, state: string): number {
  if (state === "") return -1;
  const at = sharing.credentials.findIndex((credentials) => credentials.state === state);
  return at < 0 ? -1 : at + 1;
}

/** Fills the names from the contacts by e-mail address. */
export function nameFromContacts(instance: Instance, members: Member[]): void {
  for (const member of members) {
    const contact = [...instance.contacts.values()].find(({ email }) => email === member.email);
    if (member.email !== "" && contact !== undefined) member.name = contact.name;
  }
}
