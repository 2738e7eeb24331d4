import type { Reply } from "../faulty-answers.ts";
import { ready } from "./accept.ts";
import { type Instance, invalidSharing, isBitwarden, memberNotFound, sharingOf } from "./instance.ts";
import { mailConfirmation } from "./mails.ts";
import { indexOfState } from "./members.ts";
import { tellMembers } from "./members-list.ts";
import type { Credentials, Member, Sharing } from "./model.ts";
import { createClient, issueTokens, noteClient, sharingScope } from "./oauth.ts";
import { pushAll } from "./replicate.ts";
import { answer as answerSchema } from "./schemas.ts";
import { type CozyRequest, jsonApi, readJson, Refusal } from "./wire.ts";

/** POST /sharings/:id/answer at the owner: the state is the secret, no token is asked (reference/cozy.md 7.5). */
export function takeAnswer(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  const { public_name, state, client, access_token } = readJson(request.body, answerSchema).data.attributes;
  if (!sharing.owner || state === "" || !client || !access_token) throw invalidSharing();
  const index = indexOfState(sharing, state);
  const member = sharing.members[index];
  const credentials = sharing.credentials[index - 1];
  if (member === undefined || credentials === undefined) throw memberNotFound();
  if (member.instance === "") {
    throw new Refusal(422, "The Cozy of the member is not known", { parameter: "url" });
  }
  noteClient(instance, sharing, client, access_token.scope);
  credentials.client = client;
  credentials.access_token = access_token;
  const answer = giveCredentials(instance, sharing, member, credentials, public_name);
  settleIn(instance, sharing, member, public_name);
  return jsonApi(200, answer);
}

/** New ones for each answer: a repeated one is not refused (reference/cozy.md 7.5). */
function giveCredentials(
  instance: Instance,
  sharing: Sharing,
  member: Member,
  credentials: Credentials,
  publicName: string,
): object {
  const client = createClient(instance, publicName, member.instance);
  credentials.inbound_client_id = client.client_id;
  const scope = sharingScope(sharing, member.read_only);
  const access_token = issueTokens(instance, client.client_id, scope);
  const xor_key = Buffer.from(credentials.xor_key).toString("base64");
  const attributes = { client, access_token, xor_key };
  return { data: { type: "io.cozy.sharings.answer", id: sharing.id, attributes } };
}

function settleIn(instance: Instance, sharing: Sharing, member: Member, publicName: string): void {
  ready(member, publicName);
  sharing.active = true;
  if (isBitwarden(sharing)) mailConfirmation(instance, sharing, member);
  pushAll(instance, sharing, member);
  tellMembers(instance, sharing);
}
