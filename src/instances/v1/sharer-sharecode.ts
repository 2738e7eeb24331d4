import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readSharecode } from "../../domain/sharecode.ts";
import { authorizeLink, readAnswer, writeSharing } from "../../protocols/cozy-v1/wire.ts";
import { deleteCozyClient } from "../../store/cozy-clients.ts";
import { cozySharingById, invitedBySecret, updateCozyMember } from "../../store/cozy-sharings.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { explain } from "../explain.ts";
import { fieldsOf } from "../form-fields.ts";
import { JsonApiError } from "../json-api.ts";
import { exchangeAt } from "../oauth/at-cozy.ts";
import { registerClient } from "../oauth/clients.ts";
import { ownMetadata, writeClient } from "../oauth/metadata.ts";
import { issueTokens, writeTokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf } from "./credentials.ts";
import { asItStands, keepAccepted, unknownAnswer } from "./sharer-answer.ts";
import { discover, showForm } from "./sharer-discover.ts";
import { isBothWays, type Place, scopeOf } from "./sharer-members.ts";

/** GET /sharings/:id/discovery?sharecode (reference/cozy.md 6): the form, with what is known already. */
export async function showCodeDiscovery(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const place = await invited(parts, request, request.query.get("sharecode") ?? "");
  if (place === null) return wrongLink(parts, request);
  const hidden = { sharecode: request.query.get("sharecode") ?? "" };
  return showForm(parts, request, place, { hidden, typed: null, problem: null });
}

/** POST of that form: 302 to the page of his Cozy that asks him. */
export async function takeCodeDiscovery(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const fields = fieldsOf(request);
  const sharecode = fields.get("sharecode") ?? "";
  const place = await invited(parts, request, sharecode);
  if (place === null) return wrongLink(parts, request);
  const typed = fields.get("url") ?? "";
  const found = await discover(parts, request, place, typed);
  if (found.kind === "closed") return explain(parts, request, { status: 400, what: "wrong-link" });
  if (found.kind === "wrong") {
    return showForm(parts, request, place, { hidden: { sharecode }, typed, problem: found.problem });
  }
  const location = authorizeLink({
    at: found.place.member.instance_url ?? "",
    appSlug: place.sharing.app_slug ?? "",
    clientId: found.client.clientId,
    redirectUri: `${request.instance.url}/sharings/answer`,
    scope: scopeOf(place.sharing),
    state: sharecode,
  });
  return { status: 302, headers: { location } };
}

async function wrongLink(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const tooMany = request.countWrongSecret() !== null;
  return explain(parts, request, { status: tooMany ? 429 : 400, what: "wrong-link" });
}

/** By sharecode, of the sharing in the path where it names one. */
async function invited(
  { store: { db } }: InstanceParts,
  { instance, params }: PeerRequest,
  sharecode: string,
): Promise<Place | null> {
  const code = readSharecode(sharecode)?.code;
  const member = code && (await invitedBySecret(db, instance.accountId, "v1b", code));
  const place = member ? await asItStands(db, member.id) : null;
  const { id = place?.sharing.document_id } = params;
  return place?.sharing.document_id === id ? place : null;
}

/**
 * POST /sharings/answer?access_code&client_id&state=sharecode, from the recipient's server: 201 with the sharing as he keeps it. Who
 * asks again with a fresh code, because the answer was lost, is answered again.
 */
export async function takeCodeAnswer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { state, clientId, accessCode } = readAnswer(request.query, request.body);
  if (accessCode === null)
    throw new JsonApiError(400, { detail: "The access code is missing.", parameter: "access_code" });
  const place = await invited(parts, request, state);
  if (place === null) throw unknownAnswer(request, 403);
  const client = clientOf(parts.sealer, place.member);
  const { instance_url: url } = place.member;
  if (client?.clientId !== clientId || url === null) throw unknownAnswer(request);
  const { signal } = new AbortController();
  const obtained = await exchangeAt({ http: parts.http, url, signal }, client, accessCode);
  if (obtained.kind === "failed") {
    const { reason } = obtained.failure;
    parts.tell("member-not-told", { member: place.member.id, step: "access_token", reason });
    throw new JsonApiError(500, { detail: `The recipient's Cozy gave no token for the code: ${reason}.` });
  }
  const body = await parts.store.transaction(async (db) => {
    const now = await asItStands(db, place.member.id);
    if (now === null || now.member.client_sealed !== place.member.client_sealed)
      throw unknownAnswer(request, 403);
    const issued = isBothWays(now.sharing) ? await issueTo(db, now) : {};
    await keepAccepted(db, now, obtained.got, parts);
    return sharingFor(db, now, { url: request.instance.url, ...issued });
  });
  parts.tell("sharing-answered", { member: place.member.id, status: "accepted" });
  return { status: 201, body };
}

/** Two-way: what the recipient opens this Cozy with. What he was given before goes. */
async function issueTo(db: Db, { sharing, member }: Place): Promise<object> {
  if (member.inbound_client_id !== null) await deleteCozyClient(db, member.inbound_client_id);
  const metadata = ownMetadata(member.instance_url ?? "", member.name ?? member.address ?? "recipient");
  const of = { accountId: sharing.account_id, cozySharingId: sharing.id };
  const client = await registerClient(db, of, metadata, Date.now());
  await updateCozyMember(db, member.id, { inbound_client_id: client.clientId });
  const tokens = await issueTokens(
    db,
    { ...of, clientId: client.clientId, scope: scopeOf(sharing) },
    Date.now(),
  );
  return { client: writeClient(client), access_token: writeTokens(tokens) };
}

async function sharingFor(db: Db, { sharing: { id } }: Place, sharer: object): Promise<object> {
  const sharing = await cozySharingById(db, id);
  if (sharing === undefined) throw new Error("A sharing that somebody accepts is gone.");
  const contact = await readSharer(db, { id: sharing.account_id });
  return writeSharing({
    id: sharing.document_id,
    sharingType: sharing.sharing_type,
    description: sharing.description,
    appSlug: sharing.app_slug,
    previewPath: sharing.preview_path,
    createdAt: sharing.created_at,
    updatedAt: sharing.updated_at,
    sharer,
    contact: { name: contact?.name ?? "", address: contact?.address ?? "" },
  });
}
