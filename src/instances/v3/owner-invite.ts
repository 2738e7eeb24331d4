import type { JobOutcome } from "../../jobs/queue.ts";
import {
  cozyMembersOf,
  type CozySharingRow,
  hashOf,
  sealMember,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import { mailsTo, readRecipient } from "../../store/invited.ts";
import type { Db } from "../../store/store.ts";
import { moveMember } from "../members.ts";
import type { NewMemberState, RenewedMember } from "../owner-actions.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { putRequest } from "./owner-request.ts";
import { asItStands, hasPreview, keepSharecode, type Place, planStep, stateOf } from "./owner-rows.ts";
import { newState } from "./owner-secrets.ts";

/** What a member begins with (reference/cozy.md 8.1). */
export function newMember(): NewMemberState {
  return { status: "mail-not-sent", secret: newState() };
}

/** Somebody who was revoked gets new credentials, as if he had never been invited (reference/cozy.md 8.1). */
export async function renewMember(
  db: Db,
  place: Place,
  { isReadOnly }: RenewedMember,
  parts: InstanceParts,
): Promise<void> {
  const { id } = place.member;
  const state = newState();
  await moveMember(db, place, { status: "mail-not-sent", event: "added-again", reason: null }, parts);
  await updateCozyMember(db, id, {
    is_read_only: isReadOnly ? 1 : 0,
    secret_hash: hashOf(state),
    secret_sealed: sealMember(parts.sealer, id, "secret_sealed", state),
  });
}

/**
 * Asks the members of a sharing who were not asked: at their Cozys where those are known, else by mail (reference/cozy.md 7.2).
 * Whose mail came back is asked once more.
 */
export async function inviteMembers(db: Db, sharing: CozySharingRow, parts: InstanceParts): Promise<void> {
  if (sharing.revoked_at !== null) return;
  for (const member of await cozyMembersOf(db, sharing.id)) {
    if (!(await waitsToBeAsked(db, { sharing, member }))) continue;
    if (member.instance_url === null) await mailInvitation(db, { sharing, member }, parts);
    else await planStep(db, member, "request", parts);
  }
}

async function waitsToBeAsked(db: Db, { member }: Place): Promise<boolean> {
  if (member.status === "mail-not-sent") return true;
  if (member.status !== "pending" || member.recipient_id === null) return false;
  return (await readRecipient(db, member.recipient_id))?.state === "mail-not-sent";
}

/** Mails a member the link to answer at; false where that cannot be. */
async function mailInvitation(db: Db, { sharing, member }: Place, parts: InstanceParts): Promise<boolean> {
  const { recipient_id: recipientId, address } = member;
  const link = await linkOf(db, { sharing, member }, parts);
  const purpose = member.instance_url === null ? "discovery" : "invitation";
  const isPlanned =
    recipientId !== null &&
    address !== null &&
    link !== null &&
    (await parts.mailMember(db, { recipientId, link, purpose }));
  const error = isPlanned ? null : address === null ? "no-address" : "no-mail";
  await updateCozyMember(db, member.id, { status: isPlanned ? "pending" : "mail-not-sent", error });
  return isPlanned;
}

/** Mails who waits and was mailed nothing from here: what another member was to mail him may never have gone out. */
export async function mailMissed(db: Db, place: Place, parts: InstanceParts): Promise<void> {
  const { recipient_id: recipientId, status, instance_url: url } = place.member;
  if (recipientId === null || status !== "pending" || url !== null) return;
  if ((await mailsTo(db, recipientId)).length === 0) await mailInvitation(db, place, parts);
}

/**
 * Where a member answers, secret (reference/cozy.md 3.4); null after he was revoked. With a preview the link has a sharecode, but leads to
 * discovery all the same: Usher serves no applications.
 */
export async function linkOf(
  db: Db,
  place: Place,
  { sealer }: Pick<InstanceParts, "sealer">,
): Promise<string | null> {
  const { sharing, member } = place;
  const [ownUrl, state] = [await instanceUrlOf(db, sharing.account_id), stateOf(sealer, member)];
  if (ownUrl === null || state === null) return null;
  const secret =
    hasPreview(sharing) && member.address !== null
      ? `sharecode=${await keepSharecode(db, place, state)}`
      : `state=${state}`;
  return `${ownUrl}/sharings/${sharing.document_id}/discovery?${secret}`;
}

/** The step `request`: a member's Cozy is asked. Where it does not take that, he is mailed, as everybody else. */
export async function requestStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { store, sealer } = parts;
  const ownUrl = await instanceUrlOf(store.db, sharing.account_id);
  const state = stateOf(sealer, member);
  const { instance_url: at } = member;
  const isWanted = sharing.revoked_at === null && (await waitsToBeAsked(store.db, { sharing, member }));
  if (!isWanted || ownUrl === null || state === null || at === null) return { kind: "done" };
  const link = await store.transaction(async (db) => linkOf(db, { sharing, member }, parts));
  const query = new URLSearchParams({ shortcut: "true", url: link ?? "" });
  const failure = await putRequest(parts, { sharing, member, ownUrl, at, state, query }, signal);
  if (failure === null) return { kind: "done", commit: async (db) => asked(db, { member }, parts) };
  parts.tell("member-not-told", { member: member.id, step: "request", reason: failure.reason });
  if (member.address !== null && parts.sender() !== null) {
    return { kind: "done", commit: async (db) => mailInstead(db, { member }, parts) };
  }
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}

/** An answer, a first look or the end may have come while the request was on its way, and stays. */
async function asked(db: Db, { member }: Pick<Place, "member">, parts: InstanceParts): Promise<void> {
  const place = await asItStands(db, { member });
  if (place === null || !(await waitsToBeAsked(db, place))) return;
  await moveMember(db, place, { status: "pending", event: "invited-again", reason: null }, parts);
}

async function mailInstead(db: Db, { member }: Pick<Place, "member">, parts: InstanceParts): Promise<void> {
  const place = await asItStands(db, { member });
  if (place !== null && (await waitsToBeAsked(db, place))) await mailInvitation(db, place, parts);
}
