import type { JobOutcome } from "../../jobs/queue.ts";
import { deleteCozyClient } from "../../store/cozy-clients.ts";
import {
  cozyMemberById,
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { failureOf, isTaken } from "../call.ts";
import { moveMember } from "../members.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { noCredentials } from "./credentials.ts";
import { callsTo } from "./owner-calls.ts";
import { type Place, planMembersLists, planStep } from "./owner-rows.ts";

/**
 * The owner takes the sharing back from one member (reference/cozy.md 8.2): his link and what he was issued end at once, and who had
 * accepted is told. What opens his Cozy goes when he was told.
 */
export async function revokeMember(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  if (member.status === "revoked") return;
  const hadAccepted = member.token_sealed !== null;
  await close(db, place, parts);
  if (hadAccepted) await planStep(db, member, "revoke", parts);
  await disableWithLast(db, sharing);
  await planMembersLists(db, sharing, parts);
}

/** The owner takes all of it back. */
export async function revokeAll(db: Db, sharing: CozySharingRow, parts: InstanceParts): Promise<void> {
  for (const member of await cozyMembersOf(db, sharing.id)) {
    if (member.status === "revoked") continue;
    await close(db, { sharing, member }, parts);
    if (member.token_sealed !== null) await planStep(db, member, "revoke", parts);
  }
  await updateCozySharing(db, sharing.id, { is_active: 0 });
}

/** A member's Cozy tells that it ended there: it need not be told, the others are. */
export async function memberLeft(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  if (member.status === "revoked") return;
  await close(db, place, parts);
  await updateCozyMember(db, member.id, noCredentials);
  await disableWithLast(db, sharing);
  await planMembersLists(db, sharing, parts);
}

/** With the state his link, his code and the state of his answers are nobody's any more. */
async function close(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { inbound_client_id: inbound, id } = place.member;
  await moveMember(db, place, { status: "revoked", event: "revoked", reason: null }, parts);
  await updateCozyMember(db, id, { secret_hash: null, secret_sealed: null, inbound_client_id: null });
  if (inbound !== null) await deleteCozyClient(db, inbound);
}

/** Nobody follows it: changes are told to nobody. Who is still invited may make it active again. */
async function disableWithLast(db: Db, sharing: CozySharingRow): Promise<void> {
  const members = await cozyMembersOf(db, sharing.id);
  if (members.some(({ status }) => status === "ready")) return;
  await updateCozySharing(db, sharing.id, { is_active: 0 });
}

/** What opens his Cozy goes, unless he has accepted anew. */
async function forget(db: Db, { id, token_sealed: told }: CozyMemberRow): Promise<void> {
  if ((await cozyMemberById(db, id))?.token_sealed !== told) return;
  await updateCozyMember(db, id, { client_sealed: null, token_sealed: null, error: null });
}

/** The step `revoke`: a member's Cozy hears that it ended. */
export async function revokeStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  // Who was brought in again meanwhile has to hear of the end first, or his Cozy takes no other request.
  const calls = member.status === "ready" ? null : callsTo(parts, { sharing, member }, signal);
  if (calls === null) return { kind: "done" };
  const reply = await calls.ask({ method: "DELETE", path: "" });
  // Gone there already, or it has forgotten what it gave: what was wanted stands.
  const isOver = reply.kind === "answered" && [401, 403, 404].includes(reply.status);
  if (isTaken(reply) || isOver) {
    return { kind: "done", commit: async (db) => forget(db, member) };
  }
  const { reason, temporary } = failureOf(reply);
  parts.tell("member-not-told", { member: member.id, step: "revoke", reason });
  return stepFailed({ reason, temporary }, job, async (db) =>
    updateCozyMember(db, member.id, { error: reason }),
  );
}
