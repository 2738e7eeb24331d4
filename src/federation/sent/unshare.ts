import { z } from "zod";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { backoffMs, schedules } from "../../domain/retry.ts";
import type { JobOutcome, LeasedJob } from "../../jobs/queue.ts";
import { writeNotification } from "../../protocols/ocm/notification-body.ts";
import type { Ask, Call } from "../../protocols/protocol.ts";
import { openSealed, sentShareById } from "../../store/ocm-sent-shares.ts";
import { addRecord } from "../../store/records.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";
import { aboutOf } from "./deliver.ts";

/** All that the peer has to be told by stands in the job: the share may be gone with its account. */
const endSchema = z.object({
  host: z.string(),
  providerId: z.string(),
  shareWith: z.string(),
  secretSealed: z.string(),
});

type End = z.infer<typeof endSchema>;

/** Tells a recipient's server that a share is over (reference/ocm.md 4.5). Its secret opens nothing since that was decided. */
export async function unshare(
  parts: FederationParts,
  job: LeasedJob,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const end = endSchema.parse(job.payload);
  const calls: Call[] = [];
  const ask = { signal, record: (call: Call) => void calls.push(call) };
  const told = await tell(parts, { id: job.subject, end }, ask);
  const commit = async (db: Db): Promise<void> => record(db, job.subject, { calls, told, host: end.host });
  const about = { share: job.subject, host: end.host };
  if (told.kind === "told") {
    parts.tell("share-ended", { ...about, by: "owner" });
    return { kind: "done", commit };
  }
  parts.tell("peer-not-told", { ...about, reason: told.because });
  if (told.kind === "no") return { kind: "done", commit };
  if (job.attempt >= limits.followTries) return { kind: "park", because: told.because, commit };
  const afterMs = Math.max(told.waitMs ?? 0, backoffMs(job.attempt, schedules.http, parts.random));
  return { kind: "retry", because: told.because, afterMs, commit };
}

type Told =
  | { readonly kind: "told" }
  /** It cannot be told, and need not be: nothing opens the share any more. */
  | { readonly kind: "no"; readonly because: string }
  | { readonly kind: "later"; readonly because: string; readonly waitMs: number | null };

async function tell(
  { peers, sealer }: FederationParts,
  { id, end }: { readonly id: string; readonly end: End },
  ask: Ask,
): Promise<Told> {
  const found = await peers.discover(end.host, ask);
  if (found.kind === "try-later")
    return { kind: "later", because: found.because, waitMs: found.retryAfterMs };
  if (found.kind === "no-peer") return { kind: "no", because: found.because };
  const body = writeNotification({
    type: "SHARE_UNSHARED",
    // Nextcloud knows no other (reference/ocm.md 6.2).
    resourceType: "file",
    providerId: end.providerId,
    secret: openSealed(sealer, { id, column: "secret_sealed", sealed: end.secretSealed }),
    grantee: end.shareWith,
  });
  const posted = await peers.post(found.peer, "/notifications", body, { ...ask, what: "end share" });
  if (posted.kind === "try-later")
    return { kind: "later", because: posted.because, waitMs: posted.retryAfterMs };
  if (posted.kind === "refused") return { kind: "no", because: posted.because };
  const { status, body: answer, retryAfterMs: waitMs } = posted;
  // It has no such share any more (reference/ocm.md 4.5).
  const isGone = status === 404 || (isObject(answer) && answer["message"] === "RESOURCE_NOT_FOUND");
  if (status < 300 || isGone) return { kind: "told" };
  const because = `http-${status}`;
  const isTemporary = status >= 500 ? status !== 501 : status === 429 || status === 408;
  return isTemporary ? { kind: "later", because, waitMs } : { kind: "no", because };
}

async function record(
  db: Db,
  id: string,
  { calls, told, host }: { readonly calls: readonly Call[]; readonly told: Told; readonly host: string },
): Promise<void> {
  const share = await sentShareById(db, id);
  if (share === undefined) return;
  for (const call of calls) await addRecord(db, aboutOf(share), "call", { ...call });
  if (told.kind === "later") return;
  const because = told.kind === "no" ? { because: told.because } : {};
  await addRecord(db, aboutOf(share), "outcome", { what: "peer-told", host, ...because });
}
