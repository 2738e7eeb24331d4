import { createHash } from "node:crypto";
import { addressDomain } from "../domain/address.ts";
import { type Decision, decide } from "../domain/policy.ts";
import { type Authentication, moduleName, type ShareNotification, shortened } from "../domain/share.ts";
import type { Follower, NotFollowed, Protocol } from "../protocols/protocol.ts";
import { closeMessage, isKnownMail, type MessageRow } from "../store/messages.ts";
import {
  addTarget,
  findByShare,
  insertNotification,
  type NotificationRow,
  readTargets,
  setNotificationState,
  type ShareKey,
} from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import type { Db } from "../store/store.ts";
import { openSubscription } from "../store/subscriptions.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { planCheck, planFollow } from "./plan.ts";
import type { ReceivingParts } from "./parts.ts";

/** A share notification that can be kept: it names its origin, link and share id. */
export type KeepableShare = ShareNotification & {
  readonly origin: string;
  readonly link: string;
  readonly shareId: string;
};

/** One mail that announces a share, ready to be judged. */
export interface Finding {
  readonly mail: MessageRow;
  readonly share: KeepableShare;
  readonly authentication: Authentication;
  /** What could not be read of the mail. */
  readonly problems: readonly string[];
  readonly account: { readonly id: string; readonly name: string };
  readonly who: Follower;
  readonly protocol: Protocol;
}

/** A share without origin, link or id cannot be kept apart from others and is not followed. */
export function isKeepable(share: ShareNotification): share is KeepableShare {
  return share.origin !== null && share.link !== null && share.shareId !== null;
}

/**
 * Records what one mail says and decides about it, in the caller's transaction. One share of one account is one
 * notification, however many mails name it; an answer that the account gave is never overruled by a later mail.
 */
export async function judge(db: Db, finding: Finding, parts: ReceivingParts): Promise<void> {
  const key = shareKeyOf(finding);
  const known = await findByShare(db, key);
  const row = known ?? newNotification(finding, key, parts);
  if (known === undefined) await insertNotification(db, row);
  const isCopy = known !== undefined && (await isKnownMail(db, finding.mail, row.id));
  const isNewTarget = await addTarget(db, row.id, {
    module: finding.share.module,
    folder: finding.share.folder,
    item: finding.share.item,
    title: finding.share.title,
  });
  await closeMessage(db, finding.mail.id, {
    state: "read",
    verdict: "share-notification",
    notificationId: row.id,
  });
  await recordMail(db, finding, row.id, { isCopy, isNewTarget });
  if (!isCopy) await decideAbout(db, finding, { row, isNewTarget }, parts);
  const after = (await findByShare(db, key)) ?? row;
  afterCommit(() =>
    parts.tell("share-judged", {
      notification: row.id,
      account: finding.account.name,
      protocol: row.protocol,
      origin: row.origin,
      state: after.state,
      reason: after.reason,
    }),
  );
}

function shareKeyOf(finding: Finding): ShareKey {
  const { share } = finding;
  return {
    accountId: finding.account.id,
    protocol: share.protocol,
    origin: share.origin,
    shareKey: createHash("sha256").update(share.shareId).digest("hex"),
  };
}

function newNotification(finding: Finding, key: ShareKey, parts: ReceivingParts): NotificationRow {
  const { share } = finding;
  const id = parts.newId("n");
  const now = Date.now();
  return {
    id,
    account_id: key.accountId,
    protocol: key.protocol,
    variant: share.variant,
    origin: key.origin,
    share_key: key.shareKey,
    share_hint: shortened(share.shareId),
    link_sealed: parts.sealer.seal(share.link, { table: "notification", row: id, column: "link_sealed" }),
    password_sealed: null,
    recipient_kind: share.recipientKind,
    module: share.module,
    title: share.title,
    sharer_name: share.sharer.name,
    sharer_address: share.sharer.address,
    state: "held",
    reason: null,
    detail: null,
    created_at: now,
    updated_at: now,
  };
}

async function recordMail(
  db: Db,
  finding: Finding,
  notificationId: string,
  seen: { readonly isCopy: boolean; readonly isNewTarget: boolean },
): Promise<void> {
  const { mail, share, authentication } = finding;
  await addRecord(db, { accountId: finding.account.id, notificationId }, "mail", {
    folder: mail.folder,
    uidValidity: mail.uid_validity,
    uid: mail.uid,
    messageId: mail.message_key,
    variant: share.variant,
    names: { module: share.module, folder: share.folder, item: share.item, title: share.title },
    authentication,
    problems: finding.problems,
    copyOfKnownMail: seen.isCopy,
    namesSomethingNew: seen.isNewTarget,
  });
}

/** States in which a new mail may still change what Usher does: nobody has answered, or nothing stands. */
const openStates: readonly NotificationState[] = ["held", "failed", "needs-password"];

async function decideAbout(
  db: Db,
  finding: Finding,
  { row, isNewTarget }: { readonly row: NotificationRow; readonly isNewTarget: boolean },
  parts: ReceivingParts,
): Promise<void> {
  if (row.state === "followed") return isNewTarget ? lookAgain(db, row, parts) : undefined;
  if (!openStates.includes(row.state)) return;
  const decision = decide(parts.settings().policy, {
    protocol: finding.share.protocol,
    originHost: new URL(finding.share.origin).host,
    senderDomain: authenticatedDomain(finding.authentication),
    account: finding.account.name,
  });
  const targets = await readTargets(db, row.id);
  const restriction = finding.protocol.restriction(
    { origin: row.origin, variant: row.variant, targets: targets.map(asTarget) },
    finding.who,
  );
  const about = { accountId: row.account_id, notificationId: row.id };
  await addRecord(db, about, "decision", { by: "policy", ...decision, restriction });
  await applyDecision(db, row, { decision, restriction }, parts);
}

async function applyDecision(
  db: Db,
  row: NotificationRow,
  made: { readonly decision: Decision; readonly restriction: NotFollowed | null },
  parts: ReceivingParts,
): Promise<void> {
  const { decision, restriction } = made;
  if (decision.action === "ignore" || decision.action === "refuse") {
    const state = decision.action === "ignore" ? "ignored" : "refused";
    await setNotificationState(db, row.id, {
      state,
      reason: "policy",
      detail: `By policy: ${decision.because}.`,
    });
    return;
  }
  if (restriction !== null) {
    const { because, detail } = restriction;
    await setNotificationState(db, row.id, { state: "failed", reason: because, detail });
    return;
  }
  if (decision.action === "accept") {
    await setNotificationState(db, row.id, { state: "accepted", reason: "policy", detail: null });
    await planFollow(db, row, parts.queue);
    return;
  }
  if (row.state !== "held")
    await setNotificationState(db, row.id, { state: "held", reason: null, detail: null });
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

function authenticatedDomain(authentication: Authentication): string | null {
  return authentication.trusted && authentication.from !== null ? addressDomain(authentication.from) : null;
}

function asTarget(target: { module: string | null; folder: string | null; item: string | null }) {
  const { folder, item } = target;
  return { module: moduleName(target.module), folder, item };
}
