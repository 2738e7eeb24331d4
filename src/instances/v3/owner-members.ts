import { addressKey } from "../../domain/address.ts";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import type { JobOutcome } from "../../jobs/queue.ts";
import { type DelegatedMember, readDelegated, writeMembers } from "../../protocols/cozy/owner-wire.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import type { Db } from "../../store/store.ts";
import { failureOf, isTaken } from "../call.ts";
import { JsonApiError, jsonApiType } from "../json-api.ts";
import { addMember, moveMember } from "../members.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { groupsIn } from "../shared-groups.ts";
import { stepFailed } from "../step-failed.ts";
import { callsTo } from "./owner-calls.ts";
import { inviteMembers, mailMissed, newMember, renewMember } from "./owner-invite.ts";
import { isOpen, type Place, planMembersLists, stateOf, toldMembers } from "./owner-rows.ts";

/** The step `members`: somebody who has accepted hears who the members are now (reference/cozy.md 7.7). */
export async function membersStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { db } = parts.store;
  const ownUrl = await instanceUrlOf(db, sharing.account_id);
  const calls = member.status === "ready" ? callsTo(parts, { sharing, member }, signal) : null;
  if (calls === null || ownUrl === null) return { kind: "done" };
  const members = await toldMembers(db, sharing, { ownUrl, addressee: member });
  const body = writeMembers(members, groupsIn(sharing));
  const reply = await calls.ask({
    method: "PUT",
    path: "/recipients",
    body: JSON.stringify(body),
    type: jsonApiType,
  });
  if (isTaken(reply)) return { kind: "done" };
  const failure = failureOf(reply);
  parts.tell("member-not-told", { member: member.id, step: "members", reason: failure.reason });
  return stepFailed(failure, job, async (now) => updateCozyMember(now, member.id, { error: failure.reason }));
}

/**
 * POST /sharings/:id/recipients/delegated: a member of an open sharing invites others (reference/cozy.md 7.7). He mails whom he names by
 * address himself, over the state that this answers; Cozys are asked from here.
 */
export async function takeDelegated(
  db: Db,
  { sharing, member: inviter }: Place,
  request: PeerRequest,
  parts: InstanceParts,
): Promise<PeerReply> {
  const asked = readDelegated(request.body);
  if (asked === null || inviter.status !== "ready") {
    throw new JsonApiError(400, { detail: "The members to invite are missing." });
  }
  if (!isOpen(sharing)) throw new JsonApiError(403, { detail: "The sharing is not open" });
  const states: Record<string, string> = {};
  for (const one of asked) {
    const named = readNamed(one);
    const added = await addDelegated(db, { sharing, named, ownUrl: request.instance.url }, parts);
    if (added !== null) states[one.address ?? one.instance ?? ""] = stateOf(parts.sealer, added) ?? "";
  }
  await inviteMembers(db, sharing, parts);
  await planMembersLists(db, sharing, parts);
  return { status: 200, body: states };
}

interface Named {
  readonly address: string | null;
  readonly instanceUrl: string | null;
  readonly isReadOnly: boolean;
}

/** Throws JsonApiError for who has neither address nor Cozy. */
function readNamed({ address, instance, isReadOnly }: DelegatedMember): Named {
  const instanceUrl = instance === null ? null : httpsOrigin(instance);
  const isAddress = address === null || addressKey(address) !== null;
  if (isAddress && (instance === null || instanceUrl !== null) && (address ?? instanceUrl) !== null) {
    return { address, instanceUrl, isReadOnly };
  }
  throw new JsonApiError(422, { detail: "A member has a mail address, or the https address of his Cozy." });
}

/**
 * Throws JsonApiError 409 for who has accepted; who was revoked begins anew. Null for who waits already: his state is told to
 * nobody else, and where he was mailed by nobody that is done from here.
 */
async function addDelegated(
  db: Db,
  {
    sharing,
    named,
    ownUrl,
  }: { readonly sharing: CozySharingRow; readonly named: Named; readonly ownUrl: string },
  parts: InstanceParts,
): Promise<CozyMemberRow | null> {
  const members = await cozyMembersOf(db, sharing.id);
  const known = members.find((member) => isSame(member, named));
  if (known?.status === "ready") {
    throw new JsonApiError(409, { detail: "Sharing already accepted by this recipient" });
  }
  if (known !== undefined && known.status !== "revoked") {
    await mailMissed(db, { sharing, member: known }, parts);
    return null;
  }
  if (named.instanceUrl === ownUrl) {
    throw new JsonApiError(422, { detail: "This is the owner of the sharing." });
  }
  if (members.length >= limits.cozyMembers) {
    throw new JsonApiError(400, { detail: `A sharing has at most ${limits.cozyMembers} members.` });
  }
  const place = Math.max(0, ...members.map((member) => member.place)) + 1;
  if (known === undefined) {
    const invited = { contactId: null, name: null, ...named };
    await addMember(db, { sharing, ownUrl, place, invited }, { newMember }, parts);
  } else {
    await renewMember(db, { sharing, member: known }, named, parts);
  }
  return afterAdding(db, sharing, named, parts);
}

/** Who is known by his address alone is mailed by the one who invites him: for the owner he waits already. */
async function afterAdding(
  db: Db,
  sharing: CozySharingRow,
  named: Named,
  parts: InstanceParts,
): Promise<CozyMemberRow> {
  const member = (await cozyMembersOf(db, sharing.id)).find((each) => isSame(each, named));
  if (member === undefined) throw new Error("A member who was added is not there.");
  if (member.instance_url === null) {
    await moveMember(
      db,
      { sharing, member },
      { status: "pending", event: "invited-again", reason: null },
      parts,
    );
  }
  return member;
}

function isSame(member: CozyMemberRow, { address, instanceUrl }: Named): boolean {
  if (address === null) return member.instance_url === instanceUrl;
  return member.address !== null && addressKey(member.address) === addressKey(address);
}
