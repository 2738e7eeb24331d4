import type { Reply } from "../faulty-answers.ts";
import { callPeer } from "./calls.ts";
import { type Instance, invalidSharing, memberNotFound, ownSharing, selfIn, sharingOf } from "./instance.ts";
import { sendInvitations } from "./invite.ts";
import { invitationLink } from "./links.ts";
import { mailRequest } from "./mails.ts";
import { addInvitees, addMember, type Invitees, nameFromContacts, refuseReady } from "./members.ts";
import { tellMembers } from "./members-list.ts";
import { type Member, newMember, ownerOf, type Sharing, withoutEmpty } from "./model.ts";
import { sharingClient } from "./oauth.ts";
import { delegated, delegation, memberList } from "./schemas.ts";
import { type CozyRequest, json, nothing, readJson, Refusal } from "./wire.ts";

/** An app adds members: at the owner, or in an open sharing at a member, which asks the owner (reference/cozy.md 7.7). */
export async function addRecipients(instance: Instance, id: string, invitees: Invitees): Promise<Sharing> {
  const sharing = sharingOf(instance, id);
  if (sharing.owner) {
    addInvitees(instance, sharing, invitees);
    try {
      await sendInvitations(instance, sharing);
    } finally {
      tellMembers(instance, sharing);
    }
  } else {
    await delegate(instance, sharing, invitees);
  }
  return sharing;
}

async function delegate(instance: Instance, sharing: Sharing, invitees: Invitees): Promise<void> {
  if (!sharing.open_sharing && !sharing.drive) throw new Refusal(403, "The sharing is not open");
  const [credentials] = sharing.credentials;
  if (!sharing.active || credentials === undefined) throw invalidSharing();
  const members = [
    ...invitees.recipients.map(({ id }) => memberFrom(instance, id, false)),
    ...invitees.read_only_recipients.map(({ id }) => memberFrom(instance, id, true)),
  ];
  const data = members.map((member) => withoutEmpty({ ...member, name: "" }));
  const answer = await callPeer(instance, sharing, ownerOf(sharing), credentials, {
    method: "POST",
    path: "/recipients/delegated",
    accept: "application/json",
    type: "application/vnd.api+json",
    body: JSON.stringify({ data: { type: "io.cozy.sharings", relationships: { recipients: { data } } } }),
  });
  if (answer.kind === "unreachable") throw new Refusal(502, "The owner's Cozy did not answer");
  if (answer.status !== 200) throw new Refusal(answer.status, "The owner's Cozy did not take the members");
  const states = readJson(answer.text, delegated);
  for (const member of members) {
    const state = states[member.email] ?? "";
    if (member.instance !== "" || state === "") continue;
    mailRequest(instance, sharing, member, invitationLink(instance, sharing, member, state));
  }
}

function memberFrom(instance: Instance, contactId: string, isReadOnly: boolean): Member {
  const contact = instance.contacts.get(contactId);
  if (contact === undefined) throw new Refusal(404, "The contact was not found");
  const { name, email, cozy } = contact;
  return newMember({ name, email, instance: cozy, read_only: isReadOnly });
}

/** POST /sharings/:id/recipients/delegated: the owner adds whom a member invites, and says the states. */
export async function takeDelegated(instance: Instance, request: CozyRequest, id: string): Promise<Reply> {
  const sharing = ownSharing(instance, id);
  const clientId = sharingClient(instance, request, sharing, "ALL");
  if (!sharing.open_sharing && !sharing.drive) throw new Refusal(403, "The sharing is not open");
  const inviter = 1 + sharing.credentials.findIndex(({ inbound_client_id: each }) => each === clientId);
  const { recipients, groups } = readJson(request.body, delegation).data.relationships;
  for (const member of recipients.data) refuseReady(sharing, member);
  const states = recipients.data.map((member) => {
    const status = member.instance === "" ? ("pending" as const) : ("mail-not-sent" as const);
    const index = addMember(instance, sharing, { ...newMember({}), ...member, status });
    return [member.email || member.instance, sharing.credentials[index - 1]?.state ?? ""];
  });
  sharing.groups.push(...groups.map((group) => ({ ...group, addedBy: inviter })));
  // Whoever has an instance gets a shortcut from the owner; the member mails the others.
  await sendInvitations(instance, sharing);
  tellMembers(instance, sharing);
  return json(200, Object.fromEntries(states));
}

/** PUT /sharings/:id/recipients: the owner tells a member the new list. */
export function takeMembers(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  sharingClient(instance, request, sharing, "ALL");
  if (sharing.owner) throw invalidSharing();
  const { data, included } = readJson(request.body, memberList);
  if (data.length < 2) throw memberNotFound();
  if (data.some(({ name, instance: told }) => name !== "" || told !== "")) {
    instance.refuse("PUT recipients: it tells names or addresses of Cozys");
  }
  const self = selfIn(instance, sharing);
  const at = self === null ? -1 : sharing.members.indexOf(self);
  const before = sharing.members;
  sharing.members = data.map((member, index) => ({
    ...member,
    name: "",
    instance: index === 0 || index === at ? (before[index]?.instance ?? "") : member.instance,
  }));
  sharing.groups = included;
  nameFromContacts(instance, sharing.members);
  return nothing;
}
