import type { JobOutcome } from "../../jobs/queue.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readAccess } from "../../protocols/cozy-v1/wire.ts";
import {
  cozyMemberById,
  cozySharingById,
  openMember,
  sealMember,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import { JsonApiError } from "../json-api.ts";
import { exchangeAt } from "../oauth/at-cozy.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { clientOf, sealTokens } from "./credentials.ts";
import { awaitsCode, readReceived } from "./received-rows.ts";
import { unknownAnswer } from "./sharer-answer.ts";
import { isBothWays, planStep } from "./sharer-members.ts";

/**
 * POST /sharings/access/code, master-master: the sharer gives a code for his Cozy (reference/cozy.md 5.5, step 4). It is exchanged
 * by a step of its own: the sharer waits for this answer while the account waits for his. Who left before it came needs it too,
 * to tell the sharer.
 */
export async function takeCode(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { state = "", code = "" } = readAccess(request.body) ?? {};
  if (state === "") throw new JsonApiError(400, { detail: "The state is missing.", field: "state" });
  if (code === "") throw new JsonApiError(500, { detail: "The code is missing.", field: "code" });
  const { accountId } = request.instance;
  await parts.store.transaction(async (db) => {
    const received = await readReceived(db, accountId, "v1a", state);
    const isOpen =
      received !== null &&
      isBothWays(received.sharing) &&
      (received.sharing.revoked_at === null || awaitsCode(received));
    if (!isOpen || received.sharer.client_sealed === null) throw unknownAnswer(request);
    const { sharer } = received;
    const secret_sealed = sealMember(parts.sealer, sharer.id, "secret_sealed", code);
    await updateCozyMember(db, sharer.id, { secret_sealed });
    await planStep(db, sharer, "exchange", parts);
  });
  return { status: 200, headers: { "content-type": "application/json" }, body: "null" };
}

/** The step `exchange`: the last code that the sharer gave becomes tokens. One that he does not know changes nothing. */
export async function exchangeStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { sealer, http } = parts;
  const code = openMember(sealer, member, "secret_sealed");
  const client = clientOf(sealer, member);
  const { instance_url: url } = member;
  if (code === null || client === null || url === null) return { kind: "done" };
  const obtained = await exchangeAt({ http, url, signal }, client, code);
  const isSame = (now: typeof member | undefined) => now?.secret_sealed === member.secret_sealed;
  if (obtained.kind === "obtained") {
    const token_sealed = sealTokens(sealer, member.id, obtained.got);
    return {
      kind: "done",
      commit: async (db) => {
        if (!isSame(await cozyMemberById(db, member.id))) return;
        await updateCozyMember(db, member.id, { token_sealed, secret_sealed: null, error: null });
        const now = await cozySharingById(db, sharing.id);
        if (now !== undefined && now.revoked_at !== null) await planStep(db, member, "leave", parts);
      },
    };
  }
  const { reason, temporary } = obtained.failure;
  parts.tell("member-not-told", { member: member.id, step: "exchange", reason });
  const failed = temporary ? { error: reason } : { error: reason, secret_sealed: null };
  return stepFailed(obtained.failure, job, async (db) => {
    if (isSame(await cozyMemberById(db, member.id))) await updateCozyMember(db, member.id, failed);
  });
}
