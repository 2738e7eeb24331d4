import type { Generated } from "kysely";
import type { AccountAddressTable, AccountHomeTable, AccountTable } from "./account-tables.ts";
import type {
  CozyClientTable,
  CozyDocumentTable,
  CozyMemberTable,
  CozySharingTable,
  CozyTokenTable,
} from "./instance-tables.ts";
import type {
  OcmAccessTokenTable,
  OcmContactTable,
  OcmExpectedShareTable,
  OcmInviteTable,
  OcmPeerKeyTable,
  OcmPeerTable,
  OcmReceivedShareTable,
  OcmSeenSignatureTable,
  OcmSentShareTable,
  SiteKeyTable,
} from "./ocm-tables.ts";
import type {
  InvitationTable,
  MuteTable,
  NoticeTable,
  RecipientTable,
  SharerNoticeTable,
  SharingTable,
  SuppressionTable,
} from "./outgoing-tables.ts";

/** Made by the database. */
type GeneratedId = Generated<number>;

/**
 * The tables as Kysely sees them. Times are milliseconds since 1970 (UTC); flags are 0 or 1; `…_json` is JSON text;
 * `…_sealed` is ciphertext of store/sealing.ts. Ids are short random text made by store/ids.ts.
 */
export interface Schema {
  account: AccountTable;
  account_address: AccountAddressTable;
  account_home: AccountHomeTable;
  mailbox: MailboxTable;
  mailbox_cursor: MailboxCursorTable;
  message: MessageTable;
  notification: NotificationTable;
  notification_target: NotificationTargetTable;
  subscription: SubscriptionTable;
  subscription_folder: SubscriptionFolderTable;
  record: RecordTable;
  job: JobTable;
  sharing: SharingTable;
  recipient: RecipientTable;
  invitation: InvitationTable;
  contact: ContactTable;
  api_token: ApiTokenTable;
  answer_secret: AnswerSecretTable;
  notice: NoticeTable;
  suppression: SuppressionTable;
  mute: MuteTable;
  sharer_notice: SharerNoticeTable;
  cozy_sharing: CozySharingTable;
  cozy_member: CozyMemberTable;
  cozy_client: CozyClientTable;
  cozy_token: CozyTokenTable;
  cozy_document: CozyDocumentTable;
  site_key: SiteKeyTable;
  ocm_peer: OcmPeerTable;
  ocm_peer_key: OcmPeerKeyTable;
  ocm_seen_signature: OcmSeenSignatureTable;
  ocm_contact: OcmContactTable;
  ocm_invite: OcmInviteTable;
  ocm_received_share: OcmReceivedShareTable;
  ocm_expected_share: OcmExpectedShareTable;
  ocm_sent_share: OcmSentShareTable;
  ocm_access_token: OcmAccessTokenTable;
}

export type MailboxState = "active" | "backoff" | "auth-failed" | "disabled";

export interface MailboxTable {
  id: string;
  account_id: string;
  /** Key of `mailServers` in the configuration. */
  server: string;
  login: string;
  auth: "password" | "master";
  password_sealed: string | null;
  /** JSON array of folder names. */
  folders_json: string;
  /** First hook-up looks at mail received since then; null looks at all. */
  look_back_from: number | null;
  state: MailboxState;
  /** Why it is not active, for a person. */
  state_reason: string | null;
  auth_failures: number;
  first_auth_failure_at: number | null;
  /** Last time something was learnt from the server. */
  progress_at: number | null;
  created_at: number;
}

export interface MailboxCursorTable {
  mailbox_id: string;
  folder: string;
  /** RFC 9051 section 2.3.1.1; 32 bits. */
  uid_validity: number;
  last_uid: number;
}

/** One mail worth reading whole, found by a scan. */
export interface MessageTable {
  id: string;
  account_id: string;
  mailbox_id: string;
  folder: string;
  uid_validity: number;
  uid: number;
  /** Message-ID, or a hash of the headers where there is none. */
  message_key: string;
  state: "found" | "read" | "gone" | "unreadable";
  /** inspect verdict or reason, once read. */
  verdict: string | null;
  notification_id: string | null;
  found_at: number;
  /** The state that the mail's keyword shows; null while it shows none. */
  mark: Generated<string | null>;
}

export type NotificationState =
  /** Waits for the account. */
  | "held"
  /** Work is queued or under way at the origin. */
  | "accepted"
  /** A subscription stands. */
  | "followed"
  /** The origin or a restriction said no; `reason` says why. */
  | "failed"
  /** Needs the guest password from the account. */
  | "needs-password"
  | "ignored"
  | "refused";

export interface NotificationTable {
  id: string;
  account_id: string;
  protocol: string;
  variant: string;
  origin: string;
  /** SHA-256 of the share id, hex: the third key against doubles. */
  share_key: string;
  /** First eight characters of the share id, for people. */
  share_hint: string;
  link_sealed: string;
  password_sealed: string | null;
  recipient_kind: string;
  module: string | null;
  title: string | null;
  sharer_name: string;
  sharer_address: string;
  state: NotificationState;
  /** Kebab-case reason of the state, null where the state says all. */
  reason: string | null;
  /** The reason for a person. */
  detail: string | null;
  created_at: number;
  updated_at: number;
  /** When a held notification is given up; null for never. */
  expires_at: Generated<number | null>;
}

/** What one share link was mailed for; several mails may name several folders of one guest. */
export interface NotificationTargetTable {
  notification_id: string;
  /** Module, folder and item, joined: the key within the notification. */
  target_key: string;
  module: string | null;
  folder: string | null;
  item: string | null;
  title: string | null;
}

export interface SubscriptionTable {
  id: string;
  account_id: string;
  notification_id: string;
  protocol: string;
  origin: string;
  share_key: string;
  /** Which way it is followed. */
  via: "usher" | "home";
  state: "SUBSCRIBED" | "UNSUBSCRIBED" | "CREDENTIALS_REFRESH" | "INACCESSIBLE" | "REMOVED";
  reason: string | null;
  detail: string | null;
  title: string | null;
  guest: string | null;
  home_account: string | null;
  home_folder: string | null;
  checked_at: number | null;
  next_check_at: number | null;
  /** Since when checks fail; null while they succeed. */
  failing_since: number | null;
  created_at: number;
  /** Set when it ended; an ended row is history and frees its key. */
  ended_at: number | null;
}

export interface SubscriptionFolderTable {
  subscription_id: string;
  module: string;
  folder: string;
  title: string;
  entries: number;
}

/** The decision record: what happened, in order, never changed. */
export interface RecordTable {
  id: GeneratedId;
  at: number;
  account_id: string | null;
  notification_id: string | null;
  subscription_id: string | null;
  sharing_id: string | null;
  recipient_id: string | null;
  /** mail-read, decision, call, outcome, state ... */
  kind: string;
  detail_json: string;
}

export interface JobTable {
  id: GeneratedId;
  kind: string;
  /** What it is about: the id of a row. */
  subject: string;
  payload_json: string;
  /** At most one open job per key; null for no such bound. */
  unique_key: string | null;
  /** Jobs of one lane share limits.jobsPerLane: an origin, a mailbox, the mail server. */
  lane: string;
  state: "ready" | "leased" | "parked";
  run_at: number;
  /** Asked for once more while it was under way: when it runs again after that. */
  again_at: number | null;
  attempts: number;
  /** Attempts in a row that ended with their process. */
  deaths: number;
  lease_owner: string | null;
  lease_until: number | null;
  /** Grows with each lease; a holder of an old one can record nothing. */
  fence: number;
  last_error: string | null;
  created_at: number;
}

/** Somebody the account knows. */
export interface ContactTable {
  account_id: string;
  /** Normal form of domain/address.ts. */
  address_key: string;
  address: string;
  name: string | null;
  /** When the account said: trust this sender from now on. */
  trusted_at: number | null;
  created_at: number;
  /** 32 hexadecimal digits: how the sharings API calls it. */
  id: string;
  /** `https://host[:port]` of his Cozy. */
  instance_url: Generated<string | null>;
  /** Grows with each change. */
  revision: Generated<number>;
  /** Ids of the groups that he is in, JSON. */
  groups_json: Generated<string>;
}

/** A bearer token of the API (RFC 6750). */
export interface ApiTokenTable {
  id: string;
  /** What the administrator calls it. */
  name: string;
  /** SHA-256 of the token, hex; the token itself is shown once. */
  secret_hash: string;
  /** Null: a token of the administrator. */
  account_id: string | null;
  /** JSON array of scopes. */
  scopes_json: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  /** The Cozy application that the token is for; null for none. */
  app_slug: Generated<string | null>;
  /** What that application may do, as a Cozy scope (reference/cozy.md 5.2). */
  permissions: Generated<string | null>;
}

/** Opens the answer page of one notification for one recipient, for one answer. */
export interface AnswerSecretTable {
  /** SHA-256, hex. */
  secret_hash: string;
  notification_id: string;
  address_key: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}
