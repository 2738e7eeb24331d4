import { createHash } from "node:crypto";
import {
  type CheckedSharing,
  checkSharing,
  keyReused,
  noAccount,
  noSender,
  type SharingProblem,
  type SharingRequest,
} from "../domain/sharing-request.ts";
import { addRecord } from "../store/records.ts";
import {
  type KeyedRequest,
  keyedSharingId,
  knownSharing,
  requestFingerprint,
} from "../store/sharing-keys.ts";
import { followedShareKeys, insertSharing, readSharer, type Sharer } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { invite } from "./invite.ts";
import type { PlanningParts } from "./parts.ts";
import { siteDomain } from "./plan-mails.ts";

export interface NewSharingRequest extends SharingRequest {
  /** Name of the account that shares. */
  readonly account: string;
  /** Language of the invitations; null takes the account's. */
  readonly locale: string | null;
  /** Who asks, for the record. */
  readonly by: string;
  /** Chosen by a program so that it can ask again; null for none. One account's keys are its own. */
  readonly key: string | null;
}

export type Created =
  | {
      readonly kind: "created";
      readonly id: string;
      readonly recipients: number;
      /** The same was asked before with this key; nothing new was made. */
      readonly isRepeat: boolean;
    }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

/** Plans a sharing: its recipients, their invitations and the work of sending them, all or nothing. */
export async function createSharing(parts: PlanningParts, request: NewSharingRequest): Promise<Created> {
  return parts.store.transaction(async (db) => {
    const sharer = await readSharer(db, { name: request.account });
    const known = sharer && (await knownByKey(db, sharer, request, parts));
    if (known !== undefined) return known;
    const nowMs = Date.now();
    const checked = checkSharing(request, nowMs);
    if (!checked.ok) return { kind: "refused", problems: checked.problems };
    const domain = siteDomain(parts);
    if (domain === null) return refused(noSender);
    if (sharer === undefined) return refused(noAccount(request.account));
    if (await isFollowed(db, sharer, checked.sharing)) return refused(resharing);
    return plan(db, { checked: checked.sharing, request, sharer, domain, nowMs }, parts);
  });
}

interface Plan {
  readonly checked: CheckedSharing;
  readonly request: NewSharingRequest;
  readonly sharer: Sharer;
  readonly domain: string;
  readonly nowMs: number;
}

async function plan(db: Db, planned: Plan, parts: PlanningParts): Promise<Created> {
  const { checked, request, sharer, domain, nowMs } = planned;
  const keyed = keyedRequest(sharer, request);
  const id = keyed === null ? parts.newId("h") : keyedSharingId(parts.sealer, keyed);
  const locale = request.locale ?? sharer.locale;
  const { expireAfterMs } = parts.settings();
  await insertSharing(db, {
    id,
    account_id: sharer.id,
    title: checked.title,
    link_sealed: parts.sealer.seal(checked.link, { table: "sharing", row: id, column: "link_sealed" }),
    message: checked.message,
    created_at: nowMs,
    expires_at: request.expiresAtMs ?? (expireAfterMs === null ? null : nowMs + expireAfterMs),
    revoked_at: null,
  });
  await addRecord(db, { accountId: sharer.id, sharingId: id }, "decision", {
    action: "share",
    by: request.by,
    recipients: checked.recipients.length,
    locale,
    ...(keyed === null ? {} : { request: requestFingerprint(parts.sealer, keyed) }),
  });
  const addresses = checked.recipients;
  const sharing = { id, account_id: sharer.id };
  await invite(db, { sharing, addresses, locale, domain, lastAt: null }, parts);
  return { kind: "created", id, recipients: addresses.length, isRepeat: false };
}

/** What was made of the request before; undefined where it has no key, or a new one. */
async function knownByKey(
  db: Db,
  sharer: Sharer,
  request: NewSharingRequest,
  { sealer }: PlanningParts,
): Promise<Created | undefined> {
  const keyed = keyedRequest(sharer, request);
  const known = keyed === null ? null : await knownSharing(db, keyed, sealer);
  if (known === null || known.kind === "new") return undefined;
  if (known.kind === "other") return refused(keyReused);
  return { kind: "created", id: known.id, recipients: request.to.length, isRepeat: true };
}

function keyedRequest(sharer: Sharer, request: NewSharingRequest): KeyedRequest | null {
  const { key, title, link, message, locale, to, expiresAtMs } = request;
  if (key === null) return null;
  return { accountId: sharer.id, key, content: [title, link, message, locale, to, expiresAtMs] };
}

/** A link carries its share id as one piece of its path or query: what the account follows is known by that id's hash. */
async function isFollowed(db: Db, sharer: Sharer, { link, origin }: CheckedSharing): Promise<boolean> {
  const followed = await followedShareKeys(db, sharer.id, origin);
  if (followed.size === 0) return false;
  const { pathname, searchParams } = new URL(link);
  const pieces = [...pathname.split("/"), ...searchParams.values(), link];
  return pieces
    .flatMap((piece) => [piece, piece.toLowerCase()])
    .some((piece) => followed.has(createHash("sha256").update(piece).digest("hex")));
}

function refused(problem: SharingProblem): Created {
  return { kind: "refused", problems: [problem] };
}

const resharing: SharingProblem = {
  field: "link",
  because: "re-sharing",
  detail:
    "The link is one the account follows as a guest, and guests cannot share further; ask its owner to invite these people.",
};
