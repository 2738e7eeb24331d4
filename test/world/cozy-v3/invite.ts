import { type Instance, isBitwarden } from "./instance.ts";
import { invitationLink } from "./links.ts";
import { mailRequest } from "./mails.ts";
import {
  groupDocument,
  type Member,
  noCredentials,
  publicMember,
  type Rule,
  type Sharing,
  withoutEmpty,
  xorId,
} from "./model.ts";
import { Refusal } from "./wire.ts";

/** Invites every member that was not mailed yet, side by side; 400 where one of them cannot be (reference/cozy.md 7.2). */
export async function sendInvitations(instance: Instance, sharing: Sharing): Promise<void> {
  const invited = sharing.members.map(async (member, index) => {
    if (index > 0 && member.status === "mail-not-sent") await invite(instance, sharing, index, member);
  });
  const results = await Promise.allSettled(invited);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw new Refusal(400, "The invitation cannot be sent");
}

async function invite(instance: Instance, sharing: Sharing, index: number, member: Member): Promise<void> {
  const state = sharing.credentials[index - 1]?.state ?? "";
  const link = invitationLink(instance, sharing, member, state);
  if (member.instance !== "" && !isBitwarden(sharing)) {
    const query = new URLSearchParams({ shortcut: "true", ...(sharing.drive ? {} : { url: link }) });
    if (await putRequest(instance, sharing, index, member.instance, query)) return nowPending(member);
  }
  if (member.email !== "") {
    mailRequest(instance, sharing, member, link);
    nowPending(member);
  } else if (!member.only_in_groups) {
    throw new Refusal(422, "The recipient has no e-mail address");
  }
}

/** An answer or a first look may have come while the invitation was on its way, and stays. */
function nowPending(member: Member): void {
  if (member.status === "mail-not-sent") member.status = "pending";
}

/** PUT /sharings/:id at the Cozy of the member with this index; whether it took the request. */
export async function putRequest(
  instance: Instance,
  sharing: Sharing,
  index: number,
  cozy: string,
  query: URLSearchParams,
): Promise<boolean> {
  const answer = await instance.call({
    method: "PUT",
    url: `${cozy}/sharings/${sharing.id}?${String(query)}`,
    type: "application/vnd.api+json",
    body: JSON.stringify({ data: requestDocument(instance, sharing, index, cozy) }),
  });
  if (answer.kind !== "answered") return false;
  if (![201, 409].includes(answer.status)) {
    instance.refuse(`PUT /sharings/:id was answered with ${answer.status}`);
  }
  return answer.status === 200 || answer.status === 201;
}

/** What a member gets to see of a sharing: of members, the addresses of the owner's and the own Cozy (reference/cozy.md 7.4). */
function requestDocument(instance: Instance, sharing: Sharing, addressee: number, cozy: string): object {
  const { id, members, rules, groups, credentials, shortcut_id: _, ...attributes } = sharing;
  const { state, xor_key, drive_token } = credentials[addressee - 1] ?? noCredentials();
  const shown = members.map((member, index) => ({
    ...publicMember(member),
    ...(index === 0 ? { instance: instance.origin } : {}),
    ...(index === addressee ? { instance: cozy } : {}),
  }));
  return {
    type: "io.cozy.sharings",
    id,
    attributes: {
      ...withoutEmpty({ ...attributes, active: false, owner: false, initial_sync: false }),
      rules: rules.map((rule) => withoutEmpty({ ...rule, values: valuesFor(rule, xor_key) })),
      members: shown,
      ...(groups.length === 0 ? {} : { groups: groups.map(groupDocument) }),
      ...(sharing.drive ? { credentials: [{ drive_token, state }] } : {}),
    },
  };
}

function valuesFor({ selector, values }: Rule, key: readonly number[]): readonly string[] {
  const isById = ["", "id", "_id"].includes(selector);
  return isById ? values.map((value) => xorId(value, key)) : values;
}
