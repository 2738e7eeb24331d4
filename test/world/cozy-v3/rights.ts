import type { Reply } from "../faulty-answers.ts";
import { callPeer } from "./calls.ts";
import { type Instance, invalidSharing, ownSharing, selfIn, sharingOf } from "./instance.ts";
import { memberAt } from "./members.ts";
import { tellMembers } from "./members-list.ts";
import type { Sharing } from "./model.ts";
import { deleteClient, downgradedTokenMs, issueTokens, sharingClient, sharingScope } from "./oauth.ts";
import { moved, rights } from "./schemas.ts";
import { type CozyRequest, nothing, readJson, Refusal } from "./wire.ts";

/** The owner makes a member read-only, or takes that back (reference/cozy.md 7.7). */
export async function setReadOnly(
  instance: Instance,
  id: string,
  index: number,
  isReadOnly: boolean,
): Promise<void> {
  const sharing = ownSharing(instance, id);
  if (index === 0) throw new Refusal(422, "The owner's rights cannot be changed", { parameter: "index" });
  const member = memberAt(sharing, index);
  const credentials = sharing.credentials[index - 1];
  if (member.read_only === isReadOnly || credentials === undefined) return;
  member.read_only = isReadOnly;
  if (member.status === "ready") {
    const access_token = newRights(instance, sharing, credentials.inbound_client_id, isReadOnly);
    const answer = await callPeer(instance, sharing, member, credentials, {
      method: isReadOnly ? "POST" : "DELETE",
      path: "/recipients/self/readonly",
      type: "application/vnd.api+json",
      body: JSON.stringify({
        data: { type: "io.cozy.sharings.answer", id: sharing.id, attributes: { access_token } },
      }),
    });
    if (answer.kind === "unreachable") throw new Refusal(502, "The member's Cozy did not answer");
    if (answer.status !== 204) instance.refuse(`readonly was answered with ${answer.status}`);
  }
  tellMembers(instance, sharing);
}

/** The old tokens end at once. */
function newRights(instance: Instance, sharing: Sharing, clientId: string, isReadOnly: boolean) {
  const client = instance.clients.get(clientId);
  deleteClient(instance, clientId);
  if (client !== undefined) instance.clients.set(clientId, client);
  const scope = sharingScope(sharing, isReadOnly);
  return issueTokens(instance, clientId, scope, isReadOnly ? downgradedTokenMs : undefined);
}

/** POST and DELETE /sharings/:id/recipients/self/readonly, by the owner alone. */
export function takeRights(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  sharingClient(instance, request, sharing, "ALL");
  const [credentials] = sharing.credentials;
  const self = selfIn(instance, sharing);
  if (sharing.owner || credentials === undefined || self === null) throw invalidSharing();
  const { access_token } = readJson(request.body, rights).data.attributes;
  credentials.access_token = access_token;
  self.read_only = request.method === "POST";
  return nothing;
}

/** POST /sharings/:id/recipients/self/moved: the other side has a new address, and new tokens for it. */
export function takeMove(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  const clientId = sharingClient(instance, request, sharing, "ALL");
  const index = sharing.credentials.findIndex(({ inbound_client_id: inbound }) => inbound === clientId);
  const credentials = sharing.credentials[index];
  const member = sharing.members[sharing.owner ? index + 1 : 0];
  if (credentials === undefined || member === undefined) throw invalidSharing();
  const { new_instance, access_token, refresh_token } = readJson(request.body, moved).data.attributes;
  member.instance = new URL(new_instance).origin;
  if (credentials.access_token !== null) {
    const given = { ...credentials.access_token };
    credentials.access_token = {
      ...given,
      access_token: access_token || given.access_token,
      refresh_token: refresh_token || given.refresh_token,
    };
  }
  return nothing;
}
