import type { JobOutcome } from "../../jobs/queue.ts";
import { deleteCozyClient } from "../../store/cozy-clients.ts";
import {
  cozyMembersOf,
  type CozySharingRow,
  shareIdOf,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { failureOf, isTaken } from "../call.ts";
import { moveMember } from "../members.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { callsTo } from "./call-member.ts";
import { noCredentials } from "./credentials.ts";
import { endWithLastMember, type Place, planStep } from "./sharer-members.ts";

/**
 * The owner takes the sharing back from one member (reference/cozy.md 8.2): what the member has here goes at once, and his Cozy is
 * asked to revoke. What opens that goes when it was asked.
 */
export async function revokeMember(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  if (member.status === "revoked") return;
  await close(db, place, parts);
  if (member.token_sealed === null) await updateCozyMember(db, member.id, noCredentials);
  else await planStep(db, member, "revoke", parts);
  await endWithLastMember(db, sharing);
}

/** The owner has taken all of it back. Who did not want it stays as he is. */
export async function revokeAll(db: Db, sharing: CozySharingRow, parts: InstanceParts): Promise<void> {
  for (const member of await cozyMembersOf(db, sharing.id)) {
    if (member.status !== "refused") await revokeMember(db, { sharing, member }, parts);
  }
}

/** A member's Cozy tells that it ended there: it need not be told. */
export async function memberLeft(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  if (member.status === "revoked") return;
  await close(db, place, parts);
  await updateCozyMember(db, member.id, noCredentials);
  await endWithLastMember(db, sharing);
}

async function close(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  await moveMember(db, place, { status: "revoked", event: "revoked", reason: null }, parts);
  const { inbound_client_id: inbound, id } = place.member;
  if (inbound === null) return;
  await updateCozyMember(db, id, { inbound_client_id: null });
  await deleteCozyClient(db, inbound);
}

/** The step `revoke`: the member's Cozy is asked to end the sharing there. */
export async function revokeStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const calls = member.status === "revoked" ? callsTo(parts, member, signal) : null;
  if (calls === null) return { kind: "done" };
  const id = encodeURIComponent(shareIdOf(parts.sealer, sharing));
  const reply = await calls.ask({ method: "DELETE", path: `/sharings/${id}?Recursive=false` });
  const forget = async (db: Db, error: string | null): Promise<void> =>
    updateCozyMember(db, member.id, { ...noCredentials, error });
  // Gone there: what was wanted stands.
  const isOver = isTaken(reply) || (reply.kind === "answered" && reply.status === 404);
  if (isOver) return { kind: "done", commit: async (db) => forget(db, null) };
  const failure = failureOf(reply);
  parts.tell("member-not-told", { member: member.id, step: "revoke", reason: failure.reason });
  // He left without telling, as he does where he has no token of this Cozy: nothing opens his any more.
  if (failure.status === 401 || failure.status === 403) {
    return { kind: "done", commit: async (db) => forget(db, failure.reason) };
  }
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}
