import { randomInt } from "node:crypto";
import { limits } from "../../domain/limits.ts";
import { placeAtPeer } from "../../domain/sent-share.ts";
import { keyReused, noAccount, type SharingProblem } from "../../domain/sharing-request.ts";
import { type OcmAddress, writeOcmAddress } from "../../protocols/ocm/address.ts";
import { hashOf } from "../../store/cozy-sharings.ts";
import {
  countSentShares,
  insertSentShares,
  sealSentShare,
  type SentShareRow,
} from "../../store/ocm-sent-shares.ts";
import { addRecord } from "../../store/records.ts";
import {
  type KeyedRequest,
  keyedSharingId,
  knownSharing,
  requestFingerprint,
} from "../../store/sharing-keys.ts";
import {
  insertRecipients,
  insertSharing,
  readSharer,
  type RecipientRow,
  type Sharer,
  type SharingRow,
} from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";
import {
  type CheckedFederated,
  checkFederated,
  type FederatedRequest,
  type Surroundings,
} from "./check-request.ts";

/** What planning shares over Open Cloud Mesh needs; nothing of it asks anybody. */
export interface FederatingParts
  extends
    Pick<FederationGround, "sealer" | "queue" | "newId" | "siteUrl">,
    Pick<Surroundings, "whyNotReached"> {
  /** How long what is shared stays so where nobody says; null for ever. */
  readonly expireAfterMs: () => number | null;
}

export type Federated =
  | {
      readonly kind: "created";
      readonly id: string;
      readonly recipients: number;
      /** The same was asked before with this key; nothing new was made. */
      readonly isRepeat: boolean;
    }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

/**
 * Makes a sharing whose recipients are asked at their own servers, each with a secret of his own, and plans the work there; in the
 * caller's transaction, all or nothing. No mail is sent.
 */
export async function createFederated(
  db: Db,
  request: FederatedRequest,
  parts: FederatingParts,
): Promise<Federated> {
  const sharer = await readSharer(db, { name: request.account });
  if (sharer === undefined) return refused(noAccount(request.account));
  const keyed = keyedRequest(sharer, request);
  const known = keyed === null ? { kind: "new" as const } : await knownSharing(db, keyed, parts.sealer);
  if (known.kind === "other") return refused(keyReused);
  if (known.kind === "same")
    return { ...known, kind: "created", recipients: request.to.length, isRepeat: true };
  const siteUrl = parts.siteUrl();
  if (siteUrl === null) return refused(notServed);
  const nowMs = Date.now();
  const around = { ...parts, ownHost: new URL(siteUrl).host, nowMs };
  const checked = checkFederated(request, around);
  if (!checked.ok) return { kind: "refused", problems: checked.problems };
  const standing = await countSentShares(db, sharer.id);
  if (standing + checked.checked.recipients.length > limits.ocmSentShares) return refused(tooMany);
  return plan(db, { checked: checked.checked, request, sharer, keyed, siteUrl, nowMs }, parts);
}

interface Plan {
  readonly checked: CheckedFederated;
  readonly request: FederatedRequest;
  readonly sharer: Sharer;
  readonly keyed: KeyedRequest | null;
  readonly siteUrl: string;
  readonly nowMs: number;
}

async function plan(db: Db, planned: Plan, parts: FederatingParts): Promise<Federated> {
  const { checked, request, sharer, keyed } = planned;
  const { sealer } = parts;
  const sharing = sharingOf(planned, parts);
  await insertSharing(db, sharing);
  await addRecord(db, { accountId: sharer.id, sharingId: sharing.id }, "decision", {
    action: "share",
    by: request.by,
    via: "open-cloud-mesh",
    permissions: checked.permissions,
    recipients: checked.recipients.length,
    ...(keyed === null ? {} : { request: requestFingerprint(sealer, keyed) }),
  });
  const pairs = checked.recipients.map((address, place) => {
    const recipient = recipientOf(sharing, { address, place, sharer }, parts);
    return { recipient, share: shareOf(planned, { sharing, recipient, address }, parts) };
  });
  await insertRecipients(db, { recipients: pairs.map(({ recipient }) => recipient), invitations: [] });
  await insertSentShares(
    db,
    pairs.map(({ share }) => share),
  );
  for (const { share } of pairs) {
    await parts.queue.enqueue(db, { kind: "tell-peer", ...placeAtPeer(share), payload: { step: "offer" } });
  }
  return { kind: "created", id: sharing.id, recipients: pairs.length, isRepeat: false };
}

function sharingOf(
  { checked, request, sharer, keyed, siteUrl, nowMs }: Plan,
  parts: FederatingParts,
): SharingRow {
  const { sealer } = parts;
  const id = keyed === null ? parts.newId("h") : keyedSharingId(sealer, keyed);
  const forMs = parts.expireAfterMs();
  return {
    id,
    account_id: sharer.id,
    title: checked.title,
    // Nobody is mailed a link: each recipient opens it at his own server.
    link_sealed: sealer.seal(siteUrl, { table: "sharing", row: id, column: "link_sealed" }),
    message: null,
    created_at: nowMs,
    expires_at: request.expiresAtMs ?? (forMs === null ? null : nowMs + forMs),
    revoked_at: null,
  };
}

/** Known by his OCM address, which is no mail address: nothing is ever sent to it. He is pending once his server took the share. */
function recipientOf(
  sharing: SharingRow,
  {
    address,
    place,
    sharer,
  }: { readonly address: OcmAddress; readonly place: number; readonly sharer: Sharer },
  { newId }: FederatingParts,
): RecipientRow {
  const written = writeOcmAddress(address);
  return {
    id: newId("r"),
    sharing_id: sharing.id,
    address_key: written,
    address: written,
    name: null,
    locale: sharer.locale,
    state: "mail-not-sent",
    reason: null,
    // Keeps the order of the request.
    created_at: sharing.created_at + place,
    updated_at: sharing.created_at,
    told_by: null,
    link_sealed: null,
  };
}

function shareOf(
  { checked, request, nowMs }: Plan,
  { sharing, recipient, address }: { sharing: SharingRow; recipient: RecipientRow; address: OcmAddress },
  { sealer, newId }: FederatingParts,
): SentShareRow {
  const id = newId("p");
  const secret = newSecret();
  return {
    id,
    account_id: sharing.account_id,
    sharing_id: sharing.id,
    recipient_id: recipient.id,
    host: address.host,
    share_with: recipient.address,
    // Told to strangers, and so no name of a row.
    provider_id: `${newId("")}${newId("")}`,
    secret_hash: hashOf(secret),
    secret_sealed: sealSentShare(sealer, id, "secret_sealed", secret),
    resource_url_sealed: sealSentShare(sealer, id, "resource_url_sealed", checked.url),
    resource_login: request.login,
    resource_secret_sealed: sealSentShare(sealer, id, "resource_secret_sealed", request.secret),
    name: checked.title,
    resource_type: checked.resourceType,
    permissions_json: JSON.stringify(checked.permissions),
    must_exchange: request.mustExchange ? 1 : 0,
    form: null,
    state: "created",
    reason: null,
    detail: null,
    posted_at: null,
    expires_at: sharing.expires_at,
    created_at: nowMs,
    updated_at: nowMs,
  };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const secretChars = 32;

/** Letters and digits alone, which all servers take; as long as those of the reva family (reference/ocm.md 3.4). */
function newSecret(): string {
  return Array.from({ length: secretChars }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

function keyedRequest(sharer: Sharer, request: FederatedRequest): KeyedRequest | null {
  const { key, title, webdav, login, secret, resourceType, to } = request;
  const { mayWrite, mayShare, mustExchange, expiresAtMs } = request;
  if (key === null) return null;
  const rights = [mayWrite, mayShare, mustExchange];
  const content = ["federated", title, webdav, login, secret, resourceType, to, rights, expiresAtMs];
  return { accountId: sharer.id, key, content };
}

function refused(problem: SharingProblem): Federated {
  return { kind: "refused", problems: [problem] };
}

const notServed: SharingProblem = {
  field: "site",
  because: "not-served",
  detail:
    "Other clouds could not reach what is shared: set server.publicUrl in the configuration, and ocm.enabled to yes.",
};

const tooMany: SharingProblem = {
  field: "site",
  because: "too-many-shares",
  detail: `The account would give more than ${limits.ocmSentShares} shares at the same time; revoke some first.`,
};
