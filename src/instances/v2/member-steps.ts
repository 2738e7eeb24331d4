import { randomBytes } from "node:crypto";
import type { JobOutcome } from "../../jobs/queue.ts";
import { type WireRule, writeEnd, writeShareRequest } from "../../protocols/cozy-v2/wire.ts";
import { cozyMemberById, openMember, shareIdOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { type CallFailure, failureOf } from "../call.ts";
import { cannotTell } from "../cannot-tell.ts";
import { moveMember } from "../members.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { type CallMember, callsTo, isDone } from "./peer-calls.ts";
import { pushDocuments } from "./push-documents.ts";
import { rulesOf } from "./received.ts";
import { askable, noSecrets } from "./sharer-actions.ts";

/** One step at the Cozy of a member of a sharing that the account owns. */
export async function memberStep(
  about: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const call = callsTo(parts, about, signal);
  if (call === null) return { kind: "done" };
  switch (about.step) {
    case "request":
      return request(about, call, parts);
    case "replicate":
      return replicate(about, call, rulesOf(about.sharing), parts);
    case "document":
      return replicate(about, call, changed(about), parts);
    case "revoke":
      return revoke(about, call, parts);
    default:
      return cannotTell(about);
  }
}

/** POST /services/sharing/request (reference/cozy.md 4.5). The preToken stands in the body. */
async function request(about: MemberStep, call: CallMember, parts: InstanceParts): Promise<JobOutcome> {
  const { sharing, member } = about;
  const preToken = openMember(parts.sealer, member, "secret_sealed");
  const ownUrl = await instanceUrlOf(parts.store.db, sharing.account_id);
  if (!askable.includes(member.status) || preToken === null || ownUrl === null) return { kind: "done" };
  const sharer = await readSharer(parts.store.db, { id: sharing.account_id });
  const reply = await call({
    method: "POST",
    path: "/services/sharing/request",
    body: writeShareRequest({
      shareId: shareIdOf(parts.sealer, sharing),
      preToken,
      ownUrl,
      sharerName: sharer?.name ?? "",
      recipientUrl: member.instance_url ?? "",
      rules: rulesOf(sharing),
      desc: sharing.description,
      continuous: sharing.sharing_type === "continuous",
    }),
  });
  if (!isDone(reply)) return notAsked(about, failureOf(reply), parts);
  const asked = { status: "asked", event: "invited-again", reason: null } as const;
  return { kind: "done", commit: async (db) => moveUnlessMoved(db, about, asked, parts) };
}

/** While that may help he is asked again; then it is his error, until somebody has him asked anew. */
function notAsked(about: MemberStep, failure: CallFailure, parts: InstanceParts): JobOutcome {
  const { reason } = failure;
  const error = { status: "error", event: "request-failed", reason, error: reason } as const;
  const ended = failed(about, failure, parts);
  if (ended.kind !== "park") return ended;
  return {
    ...ended,
    commit: async (db) => {
      await ended.commit?.(db);
      await moveUnlessMoved(db, about, error, parts);
    },
  };
}

/** He may have answered, or lost the sharing, before his Cozy said that it has the request. */
async function moveUnlessMoved(
  db: Db,
  { sharing, member }: MemberStep,
  move: Parameters<typeof moveMember>[2],
  parts: InstanceParts,
): Promise<void> {
  const now = await cozyMemberById(db, member.id);
  if (now?.status === member.status) await moveMember(db, { sharing, member }, move, parts);
}

/** The document that changed, where the sharing tells of changes. */
function changed({ sharing, job }: MemberStep): readonly WireRule[] {
  if (sharing.sharing_type !== "continuous") return [];
  return rulesOf(sharing).filter(({ id }) => id === job.payload["id"]);
}

/** CouchDB gives a replication that goes on a name; it tells that the first documents have arrived. */
async function replicate(
  about: MemberStep,
  call: CallMember,
  rules: readonly WireRule[],
  parts: InstanceParts,
): Promise<JobOutcome> {
  const { sharing, member } = about;
  if (member.status !== "accepted" || member.token_sealed === null || rules.length === 0)
    return { kind: "done" };
  const failure = await pushDocuments(call, { about, rules }, parts);
  if (failure !== null) return failed(about, failure, parts);
  const isFirst = sharing.sharing_type === "continuous" && member.replication_id === null;
  const replication = isFirst ? { replication_id: randomBytes(16).toString("hex") } : {};
  return {
    kind: "done",
    commit: async (db) => updateCozyMember(db, member.id, { error: null, ...replication }),
  };
}

/** DELETE /services/sharing, with the token or, before the answer, the preToken. Who does not know it has nothing to end. */
async function revoke(about: MemberStep, call: CallMember, parts: InstanceParts): Promise<JobOutcome> {
  const { member } = about;
  if (member.status !== "revoked") return { kind: "done" };
  if (member.secret_sealed === null && member.token_sealed === null) return { kind: "done" };
  const body = writeEnd(member.instance_url ?? "", "The sharer has ended the sharing");
  const reply = await call({ method: "DELETE", path: "/services/sharing", body });
  const isGone = reply.kind === "answered" && [401, 404, 410].includes(reply.status);
  if (!isDone(reply) && !isGone) return failed(about, failureOf(reply), parts);
  return {
    kind: "done",
    commit: async (db) => updateCozyMember(db, member.id, { error: null, ...noSecrets }),
  };
}

function failed(
  { sharing, member, job, step }: MemberStep,
  failure: CallFailure,
  parts: InstanceParts,
): JobOutcome {
  const { reason } = failure;
  return stepFailed(failure, job, async (db) => {
    await updateCozyMember(db, member.id, { error: reason });
    parts.tell("member-not-told", { sharing: sharing.id, member: member.id, step, reason });
  });
}
