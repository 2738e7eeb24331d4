import { callPeer } from "./calls.ts";
import type { Answered } from "./caller.ts";
import type { Instance } from "./instance.ts";
import { groupDocument, type Member, publicMember, type Sharing } from "./model.ts";
import { codeOf } from "./sharecodes.ts";

/** The new list of members for everybody who can be told; who cannot be is left alone (reference/cozy.md 7.7). */
export function tellMembers(instance: Instance, sharing: Sharing): void {
  instance.background("members list", async () => {
    const told = sharing.members.map(async (member, index) => tellMember(instance, sharing, member, index));
    await Promise.all(told);
  });
}

async function tellMember(
  instance: Instance,
  sharing: Sharing,
  member: Member,
  index: number,
): Promise<void> {
  const answer = await put(instance, sharing, member, index);
  if (answer === null || (answer.kind === "answered" && answer.status === 204)) return;
  const said = answer.kind === "unreachable" ? "nothing" : `${answer.status}`;
  instance.failures.push(`The members list was answered by ${new URL(member.instance).host} with ${said}`);
}

/** With the token of a member that accepted, with the sharecode of one that has a shortcut alone. */
async function put(
  instance: Instance,
  sharing: Sharing,
  member: Member,
  index: number,
): Promise<Answered | null> {
  const credentials = sharing.credentials[index - 1];
  if (credentials === undefined || member.instance === "") return null;
  const what = {
    method: "PUT",
    type: "application/vnd.api+json",
    body: JSON.stringify({
      data: sharing.members.map(publicMember),
      included: sharing.groups.map(groupDocument),
    }),
  };
  if (member.status === "ready") {
    return callPeer(instance, sharing, member, credentials, { ...what, path: "/recipients" });
  }
  const code = codeOf(instance, sharing, member);
  if (code === null || (member.status !== "pending" && member.status !== "seen")) return null;
  return instance.call({
    ...what,
    url: `${member.instance}/sharings/${sharing.id}/recipients`,
    bearer: code,
  });
}
