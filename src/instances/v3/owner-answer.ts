import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readAnswer, writeAnswered } from "../../protocols/cozy/owner-wire.ts";
import { learnInstance } from "../../store/contacts.ts";
import { deleteCozyClient } from "../../store/cozy-clients.ts";
import { cozySharingByDocument, updateCozyMember, updateCozySharing } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { documentReply, JsonApiError } from "../json-api.ts";
import { moveMember } from "../members.ts";
import { registerClient } from "../oauth/clients.ts";
import { readClient, type RegisteredClient, writeClient } from "../oauth/metadata.ts";
import { issueTokens, readTokens, type Tokens, writeTokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { sealedCredentials, sharingScope } from "./credentials.ts";
import {
  asItStands,
  memberAnswering,
  type Place,
  planMembersLists,
  planStep,
  stateOf,
  unknownMember,
} from "./owner-rows.ts";
import { xorKeyOf } from "./owner-secrets.ts";

/** What a recipient gives of himself. */
interface Answer {
  readonly publicName: string;
  readonly client: RegisteredClient;
  readonly tokens: Tokens;
}

/**
 * POST /sharings/:id/answer (reference/cozy.md 7.5): the state is the secret. A repeated answer, whose outcome the recipient may not have
 * heard of, gets new credentials, and those given before open nothing any more. Throws JsonApiError as the table there.
 */
export async function takeAnswer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { instance, params, body } = request;
  const documentId = params["id"] ?? "";
  const read = readAnswer(body);
  const client = readClient(read?.client);
  const tokens = readTokens(read?.access_token);
  const given = await parts.store.transaction(async (db) => {
    const sharing = await cozySharingByDocument(db, instance.accountId, "v3", documentId);
    if (sharing === undefined) throw unknownMember(request);
    if (sharing.is_owner === 0 || read === null || read.state === "" || client === null || tokens === null) {
      throw new JsonApiError(400, { detail: "Sharing is not in the expected state" });
    }
    const member = await memberAnswering(db, sharing, read.state, parts.sealer);
    const place = member === undefined ? null : await asItStands(db, { member });
    if (place === null) throw unknownMember(request);
    if (place.member.instance_url === null) throw cozyUnknown();
    const publicName = oneLine(read.public_name, limits.nameChars);
    return { member: place.member.id, body: await accept(db, place, { publicName, client, tokens }, parts) };
  });
  parts.tell("sharing-answered", { generation: "v3", member: given.member, status: "ready" });
  return documentReply(200, given.body);
}

function cozyUnknown(): JsonApiError {
  const detail = "The address of the Cozy is not known; send the form behind the link first.";
  return new JsonApiError(422, { detail, parameter: "url" });
}

async function accept(db: Db, place: Place, answer: Answer, parts: InstanceParts): Promise<object> {
  const { sharing, member } = place;
  const { publicName, client, tokens } = answer;
  const state = stateOf(parts.sealer, member) ?? "";
  const xorKey = Buffer.from(xorKeyOf(state)).toString("base64");
  const issued = await issue(db, place, publicName);
  await updateCozyMember(db, member.id, {
    ...sealedCredentials(parts.sealer, member.id, { client, tokens, xorKey }),
    inbound_client_id: issued.client.clientId,
    public_name: publicName || null,
  });
  await moveMember(db, place, { status: "ready", event: "accepted", reason: null }, parts);
  await updateCozySharing(db, sharing.id, { is_active: 1 });
  // Only who has accepted is asked there from now on: a link may have been passed on before.
  const { contact_id: contact, instance_url: at } = member;
  if (contact !== null && at !== null) await learnInstance(db, sharing.account_id, contact, at);
  await planStep(db, member, "initial", parts);
  await planMembersLists(db, sharing, parts);
  return writeAnswered({
    sharingId: sharing.document_id,
    client: writeClient(issued.client),
    token: writeTokens(issued.tokens),
    xorKey,
  });
}

/** What opens the sharing for a member here; what he was given before goes. */
async function issue(db: Db, { sharing, member }: Place, publicName: string) {
  if (member.inbound_client_id !== null) await deleteCozyClient(db, member.inbound_client_id);
  const at = member.instance_url ?? "";
  const nowMs = Date.now();
  const of = { accountId: sharing.account_id, cozySharingId: sharing.id };
  const client = await registerClient(
    db,
    of,
    {
      redirectUris: [`${at}/sharings/answer`],
      name: `Sharing ${publicName || new URL(at).host}`,
      kind: "sharing",
      uri: `${at}/`,
      softwareId: "github.com/cozy/cozy-stack",
    },
    nowMs,
  );
  const scope = sharingScope(sharing.document_id, member.is_read_only === 1 ? "GET" : "ALL");
  const tokens = await issueTokens(db, { ...of, clientId: client.clientId, scope }, nowMs);
  return { client, tokens };
}
