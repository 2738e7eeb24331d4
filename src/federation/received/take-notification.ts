import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readOcmAddress, writeOcmAddress } from "../../protocols/ocm/address.ts";
import { type OcmNotification, readNotification } from "../../protocols/ocm/notification-body.ts";
import { hashOf } from "../../store/cozy-sharings.ts";
import {
  receivedSharesNamed,
  type ReceivedShareRow,
  updateReceivedShare,
} from "../../store/ocm-received-shares.ts";
import type { Db } from "../../store/store.ts";
import { afterCommit } from "../../store/transaction-scope.ts";
import type { FederationParts } from "../parts.ts";
import { comeBack, refusal } from "../refusal.ts";
import { peerToAnswer, takeAnswer } from "../sent/take-answer.ts";
import { signerOf, type Speaker, speakerOf } from "./speaker.ts";
import { jsonOf } from "./take-share.ts";

/**
 * POST /ocm/notifications (reference/ocm.md 4.5): another server tells what became of a share. Whatever does not fit, whether id,
 * secret, recipient or origin, is answered alike; wrong ones are counted.
 *
 * oCIS and reva name the recipient instead of the secret and sign nothing: such a message proves nothing, and changes nothing. It
 * makes Usher look at the share where it lies, if the account follows one, and says 201 in any case.
 */
export async function takeNotification(
  parts: FederationParts,
  request: PeerRequest<null>,
): Promise<PeerReply> {
  if (parts.siteUrl() === null) return refusal(404, "Open Cloud Mesh is switched off here");
  const read = readNotification(jsonOf(request.body));
  if (read.kind === "invalid") return refusal(400, "RESOURCE_NOT_FOUND", read.errors);
  const { notification } = read;
  const side = sideOf(notification.type);
  if (side === null) return notFound("notificationType");
  const named = await nameOf(parts, notification, side, request);
  if (named === null)
    return isHint(notification, side) ? hint(parts, notification, request) : unknown(request);
  const speaker = await speakerOf(parts, request, named.host);
  if (speaker.kind === "refused") return speaker.reply;
  if (!("secretHash" in named) && speaker.kind !== "signed") {
    return isHint(notification, side) ? hint(parts, notification, request) : unknown(request);
  }
  const outcome = await parts.store.transaction(async (db) =>
    side === "recipient"
      ? takeRecipientAnswer(db, { notification, named, speaker }, parts)
      : takeOwnerNews(db, { notification, named }, parts),
  );
  return outcome === "done" ? heard : unknown(request);
}

const heard: PeerReply = { status: 201, body: {} };

/** Who tells such a thing of a share; null for what means nothing here, as all about resharing. */
function sideOf(type: string): "recipient" | "owner" | null {
  if (type === "SHARE_ACCEPTED" || type === "SHARE_DECLINED") return "recipient";
  return type === "SHARE_UNSHARED" || type === "SHARE_CHANGE_PERMISSION" ? "owner" : null;
}

/** Who a message has to come from, and what binds it to a share. */
type Named = { readonly host: string; readonly providerId: string } & (
  | { readonly secretHash: string }
  | { readonly shareWith: string }
);

/** Null where no server can be told that would have to speak. */
async function nameOf(
  { store }: FederationParts,
  { providerId, sharedSecret, grantee }: OcmNotification,
  side: "recipient" | "owner",
  request: PeerRequest<null>,
): Promise<Named | null> {
  if (sharedSecret !== null) {
    const secretHash = hashOf(sharedSecret);
    const host =
      side === "recipient"
        ? await peerToAnswer(store.db, { providerId, secretHash })
        : (await receivedSharesNamed(store.db, { providerId, host: null, secretHash }))[0]?.host;
    return host === null || host === undefined ? null : { host, providerId, secretHash };
  }
  const shareWith = addressIn(grantee);
  const host = signerOf(request);
  return shareWith === null || host === null ? null : { host, providerId, shareWith };
}

function addressIn(grantee: string | null): string | null {
  const address = grantee === null ? null : readOcmAddress(grantee);
  return address === null ? null : writeOcmAddress(address);
}

interface RecipientAnswer {
  readonly notification: OcmNotification;
  readonly named: Named;
  readonly speaker: Speaker;
}

async function takeRecipientAnswer(
  db: Db,
  { notification, named, speaker }: RecipientAnswer,
  parts: FederationParts,
): Promise<"done" | "not-found"> {
  const answer = {
    type: notification.type === "SHARE_ACCEPTED" ? "SHARE_ACCEPTED" : "SHARE_DECLINED",
    providerId: named.providerId,
    secretHash: "secretHash" in named ? named.secretHash : null,
    grantee: "shareWith" in named ? named.shareWith : null,
    host: named.host,
    isSigned: speaker.kind === "signed",
  } as const;
  return takeAnswer(db, answer, parts);
}

/** The owner ended a share, or changed what may be done with it; said again, it is heard again. */
async function takeOwnerNews(
  db: Db,
  { notification, named }: { readonly notification: OcmNotification; readonly named: Named },
  parts: FederationParts,
): Promise<"done" | "not-found"> {
  const rows = await receivedSharesNamed(db, named);
  for (const row of rows) {
    if (notification.type === "SHARE_UNSHARED") await endShare(db, row, parts);
    else if (row.notification_id !== null) await parts.recheck(db, row.notification_id);
  }
  return rows.length === 0 ? "not-found" : "done";
}

/** The share is over at its owner's: whoever follows it sees so, and nobody is asked about it any more. */
export async function endShare(db: Db, row: ReceivedShareRow, parts: FederationParts): Promise<void> {
  const { id, host, notification_id: notificationId } = row;
  if (row.state !== "unshared") {
    if (row.state === "pending" || row.state === "accepted") {
      await updateReceivedShare(db, id, { state: "unshared" });
    }
    afterCommit(() => parts.tell("share-ended", { share: id, host, by: "owner" }));
  }
  if (notificationId === null) return;
  await parts.closeHeld(db, notificationId);
  await parts.recheck(db, notificationId);
}

function isHint({ sharedSecret, grantee }: OcmNotification, side: "recipient" | "owner"): boolean {
  return side === "owner" && sharedSecret === null && addressIn(grantee) !== null;
}

/** Answered alike whether there is such a share or not: who names many that are none is sent away for a while. */
async function hint(
  { store, recheck }: FederationParts,
  { providerId, grantee }: OcmNotification,
  request: PeerRequest<null>,
): Promise<PeerReply> {
  const shareWith = addressIn(grantee) ?? "";
  const found = await store.transaction(async (db) => {
    const rows = await receivedSharesNamed(db, { providerId, host: null, shareWith });
    const followed = rows.filter(({ state }) => state === "accepted");
    for (const row of followed) if (row.notification_id !== null) await recheck(db, row.notification_id);
    return rows.length > 0;
  });
  const waitMs = found ? null : request.countWrongSecret();
  return waitMs === null ? heard : comeBack(429, "Too many unknown shares", waitMs);
}

function unknown({ countWrongSecret }: PeerRequest<null>): PeerReply {
  const waitMs = countWrongSecret();
  return waitMs === null ? notFound("providerId") : comeBack(429, "Too many unknown shares", waitMs);
}

function notFound(name: string): PeerReply {
  return refusal(400, "RESOURCE_NOT_FOUND", [{ name, message: "NOT_FOUND" }]);
}
