import { shortened } from "../domain/share.ts";
import { closeMessage, isKnownMail } from "../store/messages.ts";
import {
  addTarget,
  findByShare,
  insertNotification,
  type NotificationRow,
  readNotification,
  refreshNotification,
  type ShareKey,
} from "../store/notifications.ts";
import { addRecord, hasAuthenticatedMail, lastDecision } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import type { Db } from "../store/store.ts";
import { openSubscription } from "../store/subscriptions.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { decideOn } from "./decide-on.ts";
import { authenticatedSharer } from "./facts.ts";
import type { Finding } from "./finding.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";
import { shareKeyOf } from "./share-key.ts";

/** What judging one mail led to. */
export interface Judged {
  readonly notificationId: string;
  /** Null where the notification is new. */
  readonly before: NotificationRow | null;
  readonly after: NotificationRow;
  /** The mail names a folder or file that no mail of this share named before. */
  readonly isNewTarget: boolean;
}

/**
 * Records what one mail says and decides about it, in the caller's transaction. One share of one account is one
 * notification, however many mails name it; an answer that the account gave is never overruled by a later mail.
 * `again`: the same mail is judged once more, after a change of the policy or of the software.
 */
export async function judge(
  db: Db,
  finding: Finding,
  parts: ReceivingParts,
  { again = false }: { readonly again?: boolean } = {},
): Promise<Judged> {
  const { row, isNew } = await findOrInsert(db, finding, parts);
  const isCopy = !isNew && (await isKnownMail(db, finding.mail, row.id));
  const isNewTarget = await addTarget(db, row.id, {
    module: finding.share.module,
    folder: finding.share.folder,
    item: finding.share.item,
    title: finding.share.title,
  });
  await closeAsShare(db, finding, row.id);
  const wasAuthenticated = !isNew && (await hasAuthenticatedMail(db, row.id));
  if (!isNew && !wasAuthenticated) await believeLater(db, finding, row, parts);
  await recordMail(db, finding, row.id, { isCopy, isNewTarget, again });
  const seen = { row, isNew, isCopy, isNewTarget, wasAuthenticated, again };
  if (isWorthDeciding(finding, seen)) await considerMail(db, finding, seen, parts);
  const after = (await readNotification(db, row.id)) ?? row;
  afterCommit(() => tellJudged(after, finding, parts));
  return { notificationId: row.id, before: isNew ? null : row, after, isNewTarget };
}

async function findOrInsert(
  db: Db,
  finding: Finding,
  parts: ReceivingParts,
): Promise<{ readonly row: NotificationRow; readonly isNew: boolean }> {
  const key = shareKeyOf(finding.share, finding.mail);
  const known = await findByShare(db, key);
  if (known !== undefined) return { row: known, isNew: false };
  const row = newNotification(finding, key, parts);
  await insertNotification(db, row);
  return { row, isNew: true };
}

function tellJudged(row: NotificationRow, finding: Finding, parts: ReceivingParts): void {
  parts.tell("share-judged", {
    notification: row.id,
    account: finding.account.name,
    protocol: row.protocol,
    origin: row.origin,
    state: row.state,
    reason: row.reason,
  });
}

async function closeAsShare(db: Db, { mail }: Finding, notificationId: string): Promise<void> {
  if (mail.id === null) return;
  await closeMessage(db, mail.id, { state: "read", verdict: "share-notification", notificationId });
}

function newNotification(finding: Finding, key: ShareKey, parts: ReceivingParts): NotificationRow {
  const { share } = finding;
  const id = parts.newId("n");
  const now = Date.now();
  return {
    id,
    account_id: key.accountId,
    protocol: key.protocol,
    origin: key.origin,
    share_key: key.shareKey,
    share_hint: share.shareId === null ? "" : shortened(share.shareId),
    ...shownOf(finding, id, parts),
    password_sealed: null,
    state: "held",
    reason: null,
    detail: null,
    created_at: now,
    updated_at: now,
    expires_at: null,
  };
}

/** What a notification takes over from the mail that announces it. */
function shownOf({ share }: Finding, id: string, { sealer }: Pick<ReceivingParts, "sealer">) {
  const place = { table: "notification", row: id, column: "link_sealed" };
  return {
    variant: share.variant,
    // An invitation by code has a token and no link.
    link_sealed: sealer.seal(share.link ?? share.shareId ?? "", place),
    recipient_kind: share.recipientKind,
    module: share.module,
    title: share.title,
    sharer_name: share.sharer.name,
    sharer_address: share.sharer.address,
  };
}

/** Where only mails of unknown senders named the share so far, the first authenticated one says what it is and whose. */
async function believeLater(
  db: Db,
  finding: Finding,
  row: NotificationRow,
  parts: ReceivingParts,
): Promise<void> {
  if (!finding.evidence.authentication.trusted || !isOpen(row)) return;
  await refreshNotification(db, row.id, shownOf(finding, row.id, parts));
}

async function recordMail(
  db: Db,
  finding: Finding,
  notificationId: string,
  seen: { readonly isCopy: boolean; readonly isNewTarget: boolean; readonly again: boolean },
): Promise<void> {
  const { mail, share, evidence } = finding;
  await addRecord(db, { accountId: finding.account.id, notificationId }, "mail", {
    folder: mail.folder,
    uidValidity: mail.uid_validity,
    uid: mail.uid,
    messageId: mail.message_key,
    variant: share.variant,
    names: { module: share.module, folder: share.folder, item: share.item, title: share.title },
    evidence,
    authenticatedSharer: authenticatedSharer(share, evidence),
    problems: finding.problems,
    copyOfKnownMail: seen.isCopy,
    namesSomethingNew: seen.isNewTarget,
    ...(seen.again ? { judgedAgain: true } : {}),
  });
}

interface Seen {
  readonly row: NotificationRow;
  readonly isNew: boolean;
  /** The account has a mail with this Message-ID already. */
  readonly isCopy: boolean;
  readonly isNewTarget: boolean;
  /** An earlier mail of this share was authenticated. */
  readonly wasAuthenticated: boolean;
  readonly again: boolean;
}

/** A mail in Junk, or of an unknown sender where a known one has written, changes nothing about what stands. */
function isWorthDeciding(finding: Finding, seen: Seen): boolean {
  if (seen.isNew) return true;
  const { isJunk, authentication } = finding.evidence;
  if (isJunk || (seen.wasAuthenticated && !authentication.trusted)) return false;
  return !seen.isCopy || seen.again || hasLeftJunk(seen.row, finding);
}

/** The account took the mail out of Junk: only now may anything follow from it. */
function hasLeftJunk(row: NotificationRow, { evidence }: Finding): boolean {
  return row.state === "held" && row.reason === "junk" && !evidence.isJunk;
}

/** States in which a mail may still change what Usher does: nobody has answered, or nothing stands. */
const openStates: readonly NotificationState[] = ["held", "failed", "needs-password"];

/** Why something was ignored without an answer of the account's. */
const reopening: ReadonlySet<string> = new Set(["expired", "policy", "taken-back"]);

function isOpen({ state, reason }: NotificationRow): boolean {
  return openStates.includes(state) || (state === "ignored" && reopening.has(reason ?? ""));
}

async function considerMail(db: Db, finding: Finding, seen: Seen, parts: ReceivingParts): Promise<void> {
  const { row, isNew, isNewTarget, again } = seen;
  if (row.state === "followed") {
    if (isNewTarget) await lookAgain(db, row, parts);
    return;
  }
  if (again && (await isAnswered(db, row))) return;
  if (isOpen(row)) await decideOn(db, finding, { row, isNew, again }, parts);
}

/** An answer stays also where it led to nothing; a new mail may open it, judging the same mail again may not. */
async function isAnswered(db: Db, row: NotificationRow): Promise<boolean> {
  const by = (await lastDecision(db, row.id))?.by ?? "policy";
  return by !== "policy" && by !== "expiry";
}

/** A later mail of a followed share may name another folder: the subscription is looked at again. */
async function lookAgain(db: Db, row: NotificationRow, parts: ReceivingParts): Promise<void> {
  const subscription = await openSubscription(db, {
    accountId: row.account_id,
    protocol: row.protocol,
    origin: row.origin,
    shareKey: row.share_key,
  });
  if (subscription !== undefined) await planCheck(db, subscription, parts.queue, "new-folder");
}
