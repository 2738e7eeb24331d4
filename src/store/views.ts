import { inviteState } from "../domain/cloud-invite.ts";
import type { InvitedRecipient } from "./invited.ts";
import type { NotificationRow } from "./notifications.ts";
import { type GivenInvite, standingOf } from "./ocm-invites.ts";
import type { RecordLine } from "./records.ts";
import type { SharingRow, SharingSummary } from "./sharings.ts";
import type { SubscriptionRow } from "./subscriptions.ts";

type Named<Row> = Row & { readonly account?: string };

/** What programs are shown of a notification, by `--json` and by the API: named columns only, none of them sealed. */
export function notificationView(row: Named<NotificationRow>) {
  return {
    id: row.id,
    account_id: row.account_id,
    ...(row.account === undefined ? {} : { account: row.account }),
    protocol: row.protocol,
    variant: row.variant,
    origin: row.origin,
    share_hint: row.share_hint,
    recipient_kind: row.recipient_kind,
    module: row.module,
    title: row.title,
    sharer_name: row.sharer_name,
    sharer_address: row.sharer_address,
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    created_at: row.created_at,
    updated_at: row.updated_at,
    expires_at: row.expires_at,
  };
}

/** What programs are shown of a subscription. */
export function subscriptionView(row: Named<SubscriptionRow>) {
  return {
    id: row.id,
    account_id: row.account_id,
    ...(row.account === undefined ? {} : { account: row.account }),
    notification_id: row.notification_id,
    protocol: row.protocol,
    origin: row.origin,
    via: row.via,
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    title: row.title,
    guest: row.guest,
    home_account: row.home_account,
    home_folder: row.home_folder,
    checked_at: row.checked_at,
    next_check_at: row.next_check_at,
    failing_since: row.failing_since,
    created_at: row.created_at,
    ended_at: row.ended_at,
  };
}

/** What programs are shown of a sharing. */
export function sharingView(row: Named<SharingRow>) {
  return {
    id: row.id,
    account_id: row.account_id,
    ...(row.account === undefined ? {} : { account: row.account }),
    title: row.title,
    message: row.message,
    created_at: row.created_at,
    expires_at: row.expires_at,
    revoked_at: row.revoked_at,
  };
}

/** What programs are shown of a sharing in a list: how many it invites, and how many invitations stand where. */
export function sharingSummaryView(row: SharingSummary) {
  return { ...sharingView(row), recipients: row.recipients, sent: row.sent, notSent: row.notSent };
}

/** What programs are shown of a recipient, with all that happened to him, oldest first. */
export function recipientView(row: InvitedRecipient, story: readonly RecordLine[]) {
  return {
    ...row,
    timeline: story.map(({ at, kind, detail }) => ({ at, kind, detail: { ...detail } })),
  };
}

/** What programs are shown of an invitation to another cloud; its token is nowhere in it. */
export function inviteView(row: GivenInvite, nowMs: number) {
  const { accepted_by_host: host, contact_user_id: userId } = row;
  return {
    id: row.id,
    account_id: row.account_id,
    account: row.account,
    sharing_id: row.sharing_id,
    address: row.address,
    state: inviteState(standingOf(row), nowMs),
    accepted_by: host === null || userId === null ? null : { host, user_id: userId },
    created_at: row.created_at,
    expires_at: row.expires_at,
    accepted_at: row.accepted_at,
  };
}
