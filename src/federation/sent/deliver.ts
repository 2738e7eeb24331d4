import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { recipientAfter } from "../../domain/recipient.ts";
import { backoffMs, schedules } from "../../domain/retry.ts";
import type { JobOutcome, LeasedJob } from "../../jobs/queue.ts";
import type { Peer, ShareForm } from "../../protocols/ocm/peer.ts";
import type { GivenShare } from "../../protocols/ocm/write-share.ts";
import type { Ask, Call } from "../../protocols/protocol.ts";
import { readRecipient } from "../../store/invited.ts";
import {
  openSentShare,
  postedSince,
  sentShareById,
  type SentShareRow,
  updateSentShare,
} from "../../store/ocm-sent-shares.ts";
import { addRecord } from "../../store/records.ts";
import { readSharer, setRecipientState } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";
import { isPaced, offer, type Offered, paceMs } from "./offer.ts";

/** Brings a share to its recipient's server. Of what was taken back meanwhile nothing is told. */
export async function deliver(
  parts: FederationParts,
  share: SentShareRow,
  job: LeasedJob,
  signal: AbortSignal,
): Promise<JobOutcome> {
  if (share.state !== "created") return { kind: "done" };
  const calls: Call[] = [];
  const ask = { signal, record: (call: Call) => void calls.push(call) };
  const found = await findPeer(parts, share, ask);
  if (found.kind === "peer") {
    const begun = await begin(parts, share, found.peer);
    if (begun.kind === "over") return { kind: "done" };
    if (begun.kind === "wait") {
      return { kind: "retry", because: "paced", afterMs: begun.waitMs, isUncounted: true };
    }
  }
  const offered = found.kind === "peer" ? await offer(parts, found, ask) : found;
  return outcomeOf(parts, { share, job, calls }, offered);
}

type Found =
  | { readonly kind: "peer"; readonly peer: Peer; readonly given: GivenShare }
  | Exclude<Offered, { kind: "taken" }>;

async function findPeer(parts: FederationParts, share: SentShareRow, ask: Ask): Promise<Found> {
  const given = await givenShare(parts, share);
  if (given === null) return { kind: "later", because: "not-served", waitMs: null };
  const found = await parts.peers.discover(share.host, ask);
  if (found.kind === "try-later")
    return { kind: "later", because: found.because, waitMs: found.retryAfterMs };
  if (found.kind === "no-peer") return { kind: "refused", because: found.because, words: found.detail };
  const { peer } = found;
  if (peer.capabilities.has("exchange-token"))
    return {
      kind: "peer",
      peer,
      given: peer.criteria.has("must-exchange-token") ? withExchange(given) : given,
    };
  if (share.must_exchange === 0) return { kind: "peer", peer, given };
  const words = `${share.host} does not exchange secrets for tokens, which this share asks for; share without that.`;
  return { kind: "refused", because: "peer-cannot-exchange", words };
}

/** As peers want it that take no share whose secret opens it by itself (reference/ocm.md 4.1, criteria). */
function withExchange(given: GivenShare): GivenShare {
  return { ...given, requirements: ["must-exchange-token"] };
}

/** Null while nothing is served, and where the account is gone. */
async function givenShare(
  { store: { db }, sealer, siteUrl }: FederationParts,
  share: SentShareRow,
): Promise<GivenShare | null> {
  const url = siteUrl();
  const sharer = await readSharer(db, { id: share.account_id });
  if (url === null || sharer === undefined) return null;
  return {
    shareWith: share.share_with,
    name: share.name,
    providerId: share.provider_id,
    owner: `${sharer.name}@${new URL(url).host}`,
    ownerName: sharer.name,
    resourceType: share.resource_type,
    expiresAt: share.expires_at,
    secret: openSentShare(sealer, share, "secret_sealed"),
    permissions: permissionsOf(share),
    requirements: share.must_exchange === 1 ? ["must-exchange-token"] : [],
    webdavUrl: `${url}/dav/ocm/${share.provider_id}`,
  };
}

const permissionsSchema = z.array(z.enum(["read", "write", "share"]));

/** What may be done with a share. */
export function permissionsOf({ permissions_json: text }: SentShareRow): GivenShare["permissions"] {
  return permissionsSchema.parse(JSON.parse(text));
}

type Begun =
  | { readonly kind: "begun" }
  /** It was taken back, or answered, meanwhile. */
  | { readonly kind: "over" }
  | { readonly kind: "wait"; readonly waitMs: number };

/** On record before it is posted: whoever takes it back from now on has to tell the peer, and the next one is paced by it. */
async function begin({ store }: FederationParts, { id, host }: SentShareRow, peer: Peer): Promise<Begun> {
  return store.transaction(async (db): Promise<Begun> => {
    const now = await sentShareById(db, id);
    if (now?.state !== "created") return { kind: "over" };
    const nowMs = Date.now();
    const lately = { host, sinceMs: nowMs - limits.ocmPacedMs, rows: limits.ocmPacedShares };
    const waitMs = isPaced(peer) ? paceMs(await postedSince(db, lately), nowMs) : 0;
    if (waitMs > 0) return { kind: "wait", waitMs };
    await updateSentShare(db, id, { posted_at: nowMs });
    return { kind: "begun" };
  });
}

interface Attempt {
  readonly share: SentShareRow;
  readonly job: LeasedJob;
  readonly calls: readonly Call[];
}

function outcomeOf(parts: FederationParts, attempt: Attempt, offered: Offered): JobOutcome {
  const { share, job } = attempt;
  const about = { share: share.id, host: share.host };
  if (offered.kind === "taken") {
    parts.tell("share-offered", { ...about, form: offered.form });
    return { kind: "done", commit: async (db) => taken(db, attempt, offered.form) };
  }
  const { because } = offered;
  parts.tell("peer-not-told", { ...about, reason: because });
  if (offered.kind === "refused") {
    const { words } = offered;
    return { kind: "done", commit: async (db) => notTaken(db, attempt, { state: "failed", because, words }) };
  }
  if (job.attempt >= limits.followTries) {
    const failure = { state: "created", because, words: null } as const;
    return { kind: "park", because, commit: async (db) => notTaken(db, attempt, failure) };
  }
  // A server in maintenance asks for two minutes each time: by that alone all tries would be over within half an hour.
  const afterMs = Math.max(offered.waitMs ?? 0, backoffMs(job.attempt, schedules.http, parts.random));
  return { kind: "retry", because, afterMs, commit: async (db) => recordCalls(db, attempt) };
}

async function taken(db: Db, attempt: Attempt, form: ShareForm): Promise<void> {
  const { share } = attempt;
  await recordCalls(db, attempt);
  const now = await sentShareById(db, share.id);
  // The recipient may have answered already, or the owner taken it back.
  if (now?.state !== "created") return;
  await updateSentShare(db, share.id, { state: "sent", form, reason: null, detail: null });
  await moveRecipient(db, share, { event: "invited-again", reason: null });
  await addRecord(db, aboutOf(share), "outcome", { what: "offered", host: share.host, form });
}

interface Failure {
  readonly state: "created" | "failed";
  readonly because: string;
  readonly words: string | null;
}

/** `created`: it can be tried again, by the administrator. */
async function notTaken(db: Db, attempt: Attempt, { state, because, words }: Failure): Promise<void> {
  const { share } = attempt;
  await recordCalls(db, attempt);
  const now = await sentShareById(db, share.id);
  if (now?.state !== "created") return;
  await updateSentShare(db, share.id, { state, reason: because, detail: words });
  await moveRecipient(db, share, { event: "request-failed", reason: because });
  await addRecord(db, aboutOf(share), "outcome", { what: "not-offered", host: share.host, because, words });
}

async function recordCalls(db: Db, { share, calls }: Attempt): Promise<void> {
  if ((await sentShareById(db, share.id)) === undefined) return;
  for (const call of calls) await addRecord(db, aboutOf(share), "call", { ...call });
}

async function moveRecipient(
  db: Db,
  { recipient_id: id }: SentShareRow,
  { event, reason }: { readonly event: "invited-again" | "request-failed"; readonly reason: string | null },
): Promise<void> {
  const recipient = id === null ? undefined : await readRecipient(db, id);
  if (recipient === undefined) return;
  const state = recipientAfter(recipient.state, event);
  if (state !== recipient.state) await setRecipientState(db, recipient.id, { state, reason });
}

/** What a record of a share is about. */
export function aboutOf({
  account_id: accountId,
  sharing_id: sharingId,
  recipient_id: recipientId,
}: SentShareRow) {
  return { accountId, sharingId, ...(recipientId === null ? {} : { recipientId }) };
}
