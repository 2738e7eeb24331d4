import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import type { JobOutcome } from "../../jobs/queue.ts";
import { writeRights } from "../../protocols/cozy/owner-wire.ts";
import { updateCozyScope } from "../../store/cozy-clients.ts";
import { cozyMembersOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { failureOf, isTaken } from "../call.ts";
import { JsonApiError, jsonApiType } from "../json-api.ts";
import { issueTokens, writeTokens } from "../oauth/tokens.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { requireOwner, requireOwnSharing } from "../sharings-api/found.ts";
import { stepFailed } from "../step-failed.ts";
import { sharingScope } from "./credentials.ts";
import { callsTo } from "./owner-calls.ts";
import { type Place, planMembersLists, planStep } from "./owner-rows.ts";

/**
 * POST and DELETE /sharings/:id/recipients/:index/readonly: the account's application lets a member read only, or write again
 * (reference/cozy.md 7.7). It counts at once for what he was issued; he hears of it.
 */
export function setReadOnly(isReadOnly: boolean) {
  return async (parts: InstanceParts, request: PeerRequest): Promise<PeerReply> => {
    await parts.store.transaction(async (db) => {
      const { sharing } = await requireOwnSharing(db, request);
      requireOwner(sharing);
      const index = Number(request.params["index"]);
      if (index === 0) {
        const detail = "The first member is the owner, whose rights cannot be changed.";
        throw new JsonApiError(422, { detail, parameter: "index" });
      }
      const member = (await cozyMembersOf(db, sharing.id)).find(({ place }) => place === index);
      if (sharing.generation !== "v3" || member === undefined || member.status === "revoked") {
        throw new JsonApiError(404, { detail: "The member was not found" });
      }
      if ((member.is_read_only === 1) === isReadOnly) return;
      await change(db, { sharing, member }, isReadOnly, parts);
    });
    return { status: 204 };
  };
}

async function change(
  db: Db,
  { sharing, member }: Place,
  isReadOnly: boolean,
  parts: InstanceParts,
): Promise<void> {
  await updateCozyMember(db, member.id, { is_read_only: isReadOnly ? 1 : 0 });
  const { inbound_client_id: clientId } = member;
  if (clientId !== null) await updateCozyScope(db, clientId, scopeFor(sharing.document_id, isReadOnly));
  if (member.status === "ready") await planStep(db, member, "rights", parts);
  await planMembersLists(db, sharing, parts);
}

function scopeFor(documentId: string, isReadOnly: boolean): string {
  return sharingScope(documentId, isReadOnly ? "GET" : "ALL");
}

/** The step `rights`: a member's Cozy hears what it may do, with tokens for that. */
export async function rightsStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { inbound_client_id: clientId } = member;
  const calls = member.status === "ready" ? callsTo(parts, { sharing, member }, signal) : null;
  if (calls === null || clientId === null) return { kind: "done" };
  const isReadOnly = member.is_read_only === 1;
  const scope = scopeFor(sharing.document_id, isReadOnly);
  const grant = { accountId: sharing.account_id, cozySharingId: sharing.id, clientId, scope };
  const tokens = await parts.store.transaction(async (db) => issueTokens(db, grant, Date.now()));
  const reply = await calls.ask({
    method: isReadOnly ? "POST" : "DELETE",
    path: "/recipients/self/readonly",
    body: JSON.stringify(writeRights(sharing.document_id, writeTokens(tokens))),
    type: jsonApiType,
  });
  if (isTaken(reply)) return { kind: "done" };
  const failure = failureOf(reply);
  parts.tell("member-not-told", { member: member.id, step: "rights", reason: failure.reason });
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}
