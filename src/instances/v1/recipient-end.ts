import type { JobOutcome } from "../../jobs/queue.ts";
import { parseCozyV1Link } from "../../protocols/cozy-v1/link.ts";
import { answerAddress } from "../../protocols/cozy-v1/received-links.ts";
import type { Ask, Follower, LeaveReply, NotFollowed, Share } from "../../protocols/protocol.ts";
import { shareIdOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import { askCozy, never, notUnderstood, outcomeOf, recording } from "../ask-cozy.ts";
import { type CallFailure, failureOf, isTaken } from "../call.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { callsTo } from "./call-member.ts";
import { awaitsCode, closeReceived, forgetSharer, type Received, receivedOf } from "./received-rows.ts";
import { readAsked } from "./recipient-asked.ts";
import { discover } from "./recipient-discovery.ts";
import { notTaken } from "./recipient-answer.ts";
import { planStep } from "./sharer-members.ts";

/**
 * The account leaves: the sharer's client goes, and where this account can call the sharer's Cozy, it is told (reference/cozy.md 8.2).
 * Nothing comes in any more from then on, also while the sharer cannot be told.
 */
export async function leave(parts: InstanceParts, received: Received, ask: Ask): Promise<LeaveReply> {
  if (received.sharing.revoked_at === null) {
    await parts.store.transaction(async (db) => closeReceived(db, received));
    parts.tell("sharing-ended", { generation: "v1", sharing: received.sharing.id, by: "account" });
  }
  // His code comes yet, and then he is told (recipient-exchange.ts).
  if (awaitsCode(received)) return { kind: "left" };
  const http = recording(parts.http, "leave the sharing", ask);
  const failure = await tellSharer({ ...parts, http }, received, ask.signal);
  const url = received.sharer.instance_url ?? "";
  if (failure !== null) return outcomeOf(failure, url, ask) ?? notTakenOut(url);
  await parts.store.transaction(async (db) => forgetSharer(db, received));
  return { kind: "left" };
}

/**
 * DELETE /sharings/:sharing-id/:client-id at the sharer, by his client here. cozy-stack of that time itself asked the route for contacts, which never
 * works. Null where the sharer knows now, or where nothing opens his Cozy, as in all sharings that go one way.
 */
async function tellSharer(
  parts: Pick<InstanceParts, "http" | "sealer" | "store">,
  { sharing, sharer }: Received,
  signal: AbortSignal,
): Promise<CallFailure | null> {
  const calls = callsTo(parts, sharer, signal);
  if (calls === null) return null;
  const id = encodeURIComponent(shareIdOf(parts.sealer, sharing));
  const clientId = encodeURIComponent(sharer.inbound_client_id ?? "");
  const reply = await calls.ask({ method: "DELETE", path: `/sharings/${id}/${clientId}` });
  const isGone = reply.kind === "answered" && (reply.status === 404 || reply.status === 410);
  return isTaken(reply) || isGone ? null : failureOf(reply);
}

function notTakenOut(url: string): NotFollowed {
  const detail = `${new URL(url).host} does not take the account out of the sharing; ask the sharer to do so.`;
  return never("not-taken-out", detail, "FORBIDDEN");
}

/** The step `leave`: the sharer is told of an end that did not come through the receiving flow. */
export async function leaveStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const received = { sharing, sharer: member };
  if (sharing.revoked_at === null) return { kind: "done" };
  const failure = await tellSharer(parts, received, signal);
  if (failure === null) return { kind: "done", commit: async (db) => forgetSharer(db, received) };
  parts.tell("member-not-told", { member: member.id, step: "leave", reason: failure.reason });
  return stepFailed(failure, job, async (db) => updateCozyMember(db, member.id, { error: failure.reason }));
}

/** What becomes of the account's copy where the sharings API ends it; who follows it hears of it there (sharings-api/end.ts). */
export function recipientActions(parts: InstanceParts): Pick<OwnerActions, "leave" | "endedBySharer"> {
  return {
    leave: async (db, sharing) => {
      const received = await receivedOf(db, sharing);
      if (received === null) return;
      await closeReceived(db, received);
      if (received.sharer.token_sealed !== null) await planStep(db, received.sharer, "leave", parts);
    },
    endedBySharer: async (db, sharing) => {
      const received = await receivedOf(db, sharing);
      if (received === null) return;
      await closeReceived(db, received);
      await forgetSharer(db, received);
      if (sharing.notification_id !== null) await parts.recheck(db, sharing.notification_id);
    },
  };
}

/**
 * Says no: the answer without an access code (5.5, step 5). The sharer of a discovery link has to know the account's Cozy for it,
 * as for a yes. The rework knows no refusal.
 */
export async function refuse(
  parts: InstanceParts,
  share: Share,
  who: Follower,
  ask: Ask,
): Promise<LeaveReply> {
  const link = parseCozyV1Link(share.link);
  if (link === null || link.variant === "sharecode") return noRefusal;
  const found = await discover(parts, link, who, ask);
  if (found.kind !== "link") return found;
  const asked = await readAsked(parts.store.db, found, who);
  if (asked.kind !== "asked") return asked;
  const url = answerAddress(asked.link, null);
  const reply = await askCozy(parts.http, { what: "refuse the sharing", method: "GET", url }, ask);
  if (reply.kind !== "answered") return reply;
  if (reply.status === 302 || reply.status === 303) return { kind: "left" };
  return reply.status < 400 ? notUnderstood(asked.sharerUrl) : notTaken(asked.sharerUrl, reply.status);
}

const noRefusal = never(
  "no-refusal",
  "This invitation cannot be refused at its sharer, who hears nothing; it is ignored here.",
  "UNSUPPORTED",
);
