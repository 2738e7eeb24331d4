import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ShareNotification } from "../../domain/share.ts";
import type { PeerReply } from "../../http/peer-route.ts";
import { type OcmAddress, writeOcmAddress } from "../../protocols/ocm/address.ts";
import type { OfferedShare } from "../../protocols/ocm/share-body.ts";
import { readUserId } from "../../protocols/ocm/user-id.ts";
import { postedVariant } from "../../protocols/open-cloud-mesh.ts";
import type { AccountRow } from "../../store/accounts.ts";
import { hashOf } from "../../store/cozy-sharings.ts";
import {
  countPendingShares,
  insertReceivedShare,
  type ReceivedShareRow,
  receivedShareOf,
  takeExpected,
  updateReceivedShare,
} from "../../store/ocm-received-shares.ts";
import type { Db } from "../../store/store.ts";
import { afterCommit } from "../../store/transaction-scope.ts";
import type { FederationParts, Verified } from "../parts.ts";
import { comeBack, refusal } from "../refusal.ts";

/** A share that may be taken, with everything that is known of who brings it. */
export interface Arrival {
  readonly account: AccountRow;
  readonly share: OfferedShare;
  readonly owner: OcmAddress;
  readonly recipient: OcmAddress;
  /** Null where nobody signed. */
  readonly signer: Extract<Verified, { readonly kind: "signed" }> | null;
  /** The account exchanged an invitation with the sharer. */
  readonly isContact: boolean;
}

/**
 * Keeps a share and lets it be judged like one that a mail tells of, in the caller's transaction. A repetition is answered as the
 * first time, and only a signature can change the secret of what stands.
 */
export async function keepShare(db: Db, arrival: Arrival, parts: FederationParts): Promise<PeerReply> {
  const { account, share, owner } = arrival;
  const of = { accountId: account.id, host: owner.host, providerId: share.providerId };
  const known = await receivedShareOf(db, of);
  if (known?.secret_hash === hashOf(share.secret)) return taken(account);
  const isStanding = known?.state === "pending" || known?.state === "accepted";
  return isStanding ? renew(db, known, arrival, parts) : add(db, known, arrival, parts);
}

/** What stands gets another secret, and keeps the answer that the account gave. */
async function renew(
  db: Db,
  known: ReceivedShareRow,
  arrival: Arrival,
  parts: FederationParts,
): Promise<PeerReply> {
  const reason = "secret-changed-unsigned";
  if (arrival.signer === null) {
    return refused(parts, arrival, reason, refusal(403, "The share is known under another secret"));
  }
  await updateReceivedShare(db, known.id, { ...rowOf(known.id, arrival, parts), state: known.state });
  return told(parts, known.id, arrival);
}

/** A new share, or one that ended before and is given again. */
async function add(
  db: Db,
  ended: ReceivedShareRow | undefined,
  arrival: Arrival,
  parts: FederationParts,
): Promise<PeerReply> {
  const { account, owner } = arrival;
  const expected = await takeExpected(db, { accountId: account.id, host: owner.host }, Date.now());
  const isConsented = expected !== undefined;
  if (!isConsented && (await countPendingShares(db, account.id)) >= limits.ocmPendingShares) {
    const reply = comeBack(503, "Too many shares wait for this recipient's answer", limits.ocmFullMs);
    return refused(parts, arrival, "too-many-pending", reply);
  }
  const id = ended?.id ?? parts.newId("o");
  const row = rowOf(id, arrival, parts);
  if (ended === undefined) await insertReceivedShare(db, { ...row, created_at: Date.now() });
  else await updateReceivedShare(db, id, row);
  const notificationId = isConsented ? expected : await announce(db, arrival, parts);
  await updateReceivedShare(db, id, { notification_id: notificationId });
  return told(parts, id, arrival);
}

function told({ tell }: FederationParts, share: string, { account, owner, signer }: Arrival): PeerReply {
  const fields = { share, account: account.name, host: owner.host, isSigned: signer !== null };
  afterCommit(() => tell("peer-shared", fields));
  return taken(account);
}

function refused({ tell }: FederationParts, { owner }: Arrival, reason: string, reply: PeerReply): PeerReply {
  afterCommit(() => tell("peer-refused", { host: owner.host, reason }));
  return reply;
}

/** Exactly 201: anything else makes Nextcloud try its older ways (reference/ocm.md 6.2). */
function taken({ name }: AccountRow): PeerReply {
  return { status: 201, body: { recipientDisplayName: name, recipientUserId: name } };
}

type WrittenRow = Omit<ReceivedShareRow, "notification_id" | "created_at" | "exchanging_until">;

function rowOf(id: string, arrival: Arrival, { sealer }: FederationParts): WrittenRow {
  const { account, share, owner, recipient, signer } = arrival;
  return {
    id,
    account_id: account.id,
    host: owner.host,
    provider_id: share.providerId,
    secret_hash: hashOf(share.secret),
    secret_sealed: sealer.seal(share.secret, {
      table: "ocm_received_share",
      row: id,
      column: "secret_sealed",
    }),
    token_sealed: null,
    token_expires_at: null,
    is_exchanged: 0,
    form: share.form,
    webdav_uri: share.webdavUri,
    share_with: writeOcmAddress(recipient),
    owner: writeOcmAddress(owner),
    sender: share.sender,
    owner_name: shownName(share.ownerName),
    sender_name: shownName(share.senderName),
    name: resourceName(share),
    resource_type: share.resourceType,
    permissions_json: JSON.stringify(share.permissions),
    requirements_json: JSON.stringify(share.requirements),
    state: "pending",
    is_signed: Number(signer !== null),
    expires_at: share.expiresAt,
    updated_at: Date.now(),
  };
}

/** One name, never a path: it is shown to people, and appended to addresses. */
function resourceName({ name, resourceType }: OfferedShare): string {
  const plain = oneLine(name.replaceAll(/[/\\]+/g, " "), limits.titleChars);
  return /^\.*$/.test(plain) ? resourceType : plain;
}

function shownName(name: string | null): string | null {
  const shown = oneLine(name ?? "", limits.nameChars);
  return shown === "" ? null : shown;
}

/** The notification's id. */
async function announce(db: Db, arrival: Arrival, parts: FederationParts): Promise<string> {
  const { account, share, owner, signer, isContact } = arrival;
  return parts.announce(db, {
    accountId: account.id,
    share: newsOf(share, owner),
    key: `share ${hashOf(JSON.stringify([owner.host, share.providerId, share.secret]))}`,
    voucher: signer === null ? null : { ...signer, isContact },
  });
}

function newsOf(share: OfferedShare, owner: OcmAddress): ShareNotification {
  return {
    protocol: "federated-share",
    variant: postedVariant,
    origin: `https://${owner.host}`,
    link: null,
    shareId: `${owner.host}/${share.providerId}`,
    recipientKind: "member",
    module: "files",
    folder: null,
    item: null,
    sharer: {
      name: shownName(share.ownerName) ?? readUserId(owner.identifier, owner.host).shown,
      address: writeOcmAddress(owner),
    },
    title: resourceName(share),
  };
}
