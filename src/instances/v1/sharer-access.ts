import type { JobOutcome } from "../../jobs/queue.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readAccess, writeAccess } from "../../protocols/cozy-v1/wire.ts";
import { cozyClientOf } from "../../store/cozy-clients.ts";
import { bindCozyClient, deleteCozyClient } from "../../store/cozy-clients.ts";
import { shareIdOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import { callCozy, failureOf, isTaken } from "../call.ts";
import { redirectsOf } from "../oauth/clients.ts";
import { issueCode } from "../oauth/tokens.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { clientOf } from "./credentials.ts";
import { asItStands, placeOf, unknownAnswer } from "./sharer-answer.ts";
import { isBothWays, scopeOf } from "./sharer-members.ts";

/**
 * POST /sharings/access/client, master-master: a recipient tells which client he is here (reference/cozy.md 5.5, step 2). It has to
 * be one that answers at his Cozy: the code goes there, whoever asked.
 */
export async function takeClient(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const body = readAccess(request.body);
  const { state = "", clientId = "", hostClientId = "" } = body ?? {};
  const { sharing, member } = await placeOf(parts, request, { state, clientId });
  const { accountId } = request.instance;
  await parts.store.transaction(async (db) => {
    const now = await asItStands(db, member.id);
    const client = await cozyClientOf(db, accountId, hostClientId);
    const isHis =
      client !== undefined && redirectsOf(client).every((uri) => originOf(uri) === member.instance_url);
    if (now === null || !isBothWays(sharing) || !isHis) throw unknownAnswer(request);
    const former = now.member.inbound_client_id;
    if (former === hostClientId) return;
    await updateCozyMember(db, member.id, { inbound_client_id: hostClientId });
    await bindCozyClient(db, hostClientId, sharing.id);
    if (former !== null) await deleteCozyClient(db, former);
  });
  return { status: 200, headers: { "content-type": "application/json" }, body: "null" };
}

function originOf(uri: string): string | null {
  return URL.parse(uri)?.origin ?? null;
}

/** The step `code`, master-master: a recipient who accepted gets a code for this Cozy. Each attempt sends a new one. */
export async function codeStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { store, sealer, http } = parts;
  const { inbound_client_id: clientId, instance_url: url } = member;
  if (sharing.revoked_at !== null || member.status !== "accepted" || url === null) return { kind: "done" };
  if (clientId === null) {
    const failure = { reason: "not-registered-here", temporary: true };
    return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
  }
  const grant = {
    accountId: sharing.account_id,
    clientId,
    cozySharingId: sharing.id,
    scope: scopeOf(sharing),
  };
  const code = await store.transaction(async (db) => issueCode(db, grant, Date.now()));
  const access = {
    state: shareIdOf(sealer, sharing),
    clientId: clientOf(sealer, member)?.clientId ?? "",
    hostClientId: clientId,
    code,
  };
  const reply = await callCozy(http, {
    url: `${url}/sharings/access/code`,
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(writeAccess(access)),
    signal,
  });
  if (isTaken(reply)) return { kind: "done" };
  const failure = failureOf(reply);
  parts.tell("member-not-told", { member: member.id, step: "code", reason: failure.reason });
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}
