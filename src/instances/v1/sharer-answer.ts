import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readAnswer, type WireAnswer } from "../../protocols/cozy-v1/wire.ts";
import {
  cozyMemberById,
  cozySharingById,
  cozySharingByShareId,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { sharedDocuments } from "../documents/shared.ts";
import { JsonApiError } from "../json-api.ts";
import { moveMember } from "../members.ts";
import { exchangeAt } from "../oauth/at-cozy.ts";
import type { Tokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf, sealTokens } from "./credentials.ts";
import { isBothWays, memberWithClient, type Place, planStep, rulesOf } from "./sharer-members.ts";

/**
 * GET /sharings/answer, and by its documented name POST /sharings/:id/answer: a recipient's browser brings his answer
 * (reference/cozy.md 5.5, steps 4 and 5), and is sent home. What he holds, the sharing_id and the client id, was mailed to him.
 */
export async function takeAnswer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const answer = readAnswer(request.query, request.body);
  const asked = { ...answer, state: answer.state === "" ? (request.params["id"] ?? "") : answer.state };
  const place = await placeOf(parts, request, asked);
  if (asked.accessCode === null) await refuse(parts, place);
  else await accept(parts, place, asked.accessCode);
  return { status: 302, headers: { location: place.member.instance_url ?? "/" } };
}

/** Throws JsonApiError: 404 for whoever does not know both, the same for each; 429 after too many. */
export async function placeOf(
  { store: { db }, sealer }: Pick<InstanceParts, "store" | "sealer">,
  request: PeerRequest,
  { state, clientId }: Pick<WireAnswer, "state" | "clientId">,
): Promise<Place> {
  const known =
    state === "" ? undefined : await cozySharingByShareId(db, request.instance.accountId, "v1a", state);
  const sharing = known?.is_owner === 1 ? known : undefined;
  const member = sharing && (await memberWithClient(db, sharing, clientId, sealer));
  if (sharing !== undefined && member !== undefined) return { sharing, member };
  throw unknownAnswer(request);
}

export function unknownAnswer({ countWrongSecret }: PeerRequest, status = 404): JsonApiError {
  const waitMs = countWrongSecret();
  if (waitMs === null) {
    return new JsonApiError(status, {
      detail:
        "There is no such sharing, or nobody of it was invited by this link; ask who shares for a new one.",
    });
  }
  const detail = "Too many wrong links came from this address; wait as long as Retry-After says.";
  return new JsonApiError(429, { detail }, { "retry-after": String(Math.ceil(waitMs / 1000)) });
}

/** Who has accepted does not refuse by a link that may be opened again: he leaves. */
async function refuse(parts: InstanceParts, { member }: Place): Promise<void> {
  const isNew = await parts.store.transaction(async (db) => {
    const place = await asItStands(db, member.id);
    if (place === null || ["accepted", "revoked", "refused"].includes(place.member.status)) return false;
    await moveMember(db, place, { status: "refused", event: "refused", reason: null }, parts);
    return true;
  });
  if (isNew) parts.tell("sharing-answered", { member: member.id, status: "refused" });
}

/** Exchanges under way, by code: who clicks twice waits for the first click. */
const exchanges = new Map<string, Promise<void>>();

async function accept(parts: InstanceParts, place: Place, code: string): Promise<void> {
  const key = `${place.member.id}/${code}`;
  const running = exchanges.get(key);
  if (running !== undefined) return running;
  const work = exchange(parts, place, code).finally(() => exchanges.delete(key));
  exchanges.set(key, work);
  return work;
}

async function exchange(parts: InstanceParts, place: Place, code: string): Promise<void> {
  const { http, sealer } = parts;
  const client = clientOf(sealer, place.member);
  const { instance_url: url } = place.member;
  if (client === null || url === null)
    throw new Error("A member answered at whose Cozy this account is not registered.");
  // A code that was taken must be used, even where the browser that brought it has gone.
  const obtained = await exchangeAt({ http, url, signal: new AbortController().signal }, client, code);
  if (obtained.kind === "obtained") return accepted(parts, place, obtained.got);
  const { reason } = obtained.failure;
  const stands = await parts.store.transaction(async (db) => {
    const now = await asItStands(db, place.member.id);
    if (now === null || now.member.status === "accepted") return now !== null;
    await moveMember(db, now, { status: "error", event: "answer-failed", reason, error: reason }, parts);
    return false;
  });
  // The same code twice: the first one did it.
  if (stands) return;
  parts.tell("member-not-told", { member: place.member.id, step: "access_token", reason });
  throw new JsonApiError(500, {
    detail: `The recipient's Cozy gave no token for the code: ${reason}. Answer once more.`,
  });
}

async function accepted(parts: InstanceParts, place: Place, tokens: Tokens): Promise<void> {
  const isLive = await parts.store.transaction(async (db) => {
    const now = await asItStands(db, place.member.id);
    if (now === null || now.member.client_sealed !== place.member.client_sealed) return false;
    await keepAccepted(db, now, tokens, parts);
    if (isBothWays(now.sharing)) await planStep(db, now.member, "code", parts);
    return true;
  });
  if (!isLive) throw new JsonApiError(404, { detail: "The sharing has ended." });
  parts.tell("sharing-answered", { member: place.member.id, status: "accepted" });
}

/** A member accepts: his tokens are kept and the documents go to him. */
export async function keepAccepted(
  db: Db,
  place: Place,
  tokens: Tokens,
  parts: InstanceParts,
): Promise<void> {
  const { sharing, member } = place;
  await updateCozyMember(db, member.id, { token_sealed: sealTokens(parts.sealer, member.id, tokens) });
  await moveMember(db, place, { status: "accepted", event: "accepted", reason: null }, parts);
  await updateCozySharing(db, sharing.id, { is_active: 1 });
  for (const { doctype, id } of await sharedDocuments(db, sharing.account_id, rulesOf(sharing))) {
    await parts.queue.enqueue(db, {
      kind: "tell-member",
      subject: member.id,
      lane: `cozy/${member.instance_url ?? ""}`,
      uniqueKey: `document/${member.id}/${doctype}/${id}`,
      payload: { step: "document", doctype, id },
    });
  }
}

/** Null where the sharing or the invitation has ended. */
export async function asItStands(db: Db, memberId: string): Promise<Place | null> {
  const member = await cozyMemberById(db, memberId);
  const sharing = member && (await cozySharingById(db, member.cozy_sharing_id));
  if (member === undefined || sharing === undefined) return null;
  return sharing.revoked_at === null && member.status !== "revoked" ? { sharing, member } : null;
}
