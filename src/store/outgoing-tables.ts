import type { Generated } from "kysely";
import type { RecipientState } from "../domain/recipient.ts";

// Tables of what goes out: sharings, their mails, notices. Units and suffixes as in store/schema.ts.

export interface SharingTable {
  id: string;
  account_id: string;
  title: string;
  link_sealed: string;
  message: string | null;
  created_at: number;
  /** When it ends by itself; null for never. */
  expires_at: Generated<number | null>;
  /** When the sharer took it back, or it ended. */
  revoked_at: Generated<number | null>;
}

export interface RecipientTable {
  id: string;
  sharing_id: string;
  /** Normal form of domain/address.ts, or that host. */
  address_key: string;
  /** The host of his Cozy where no mail address is known; his OCM address where he is asked at another cloud. */
  address: string;
  name: string | null;
  locale: string;
  state: RecipientState;
  reason: string | null;
  created_at: number;
  updated_at: number;
  /** The notice that tells the sharer of the failure; null where there is none. */
  told_by: Generated<string | null>;
  /** His own link, where each recipient has one; null: the sharing's. */
  link_sealed: Generated<string | null>;
}

/** A mail to a recipient about a sharing; at most one for each purpose. */
export interface InvitationTable extends OutgoingMailColumns {
  id: string;
  recipient_id: string;
  /** The purpose, which is the template: `invitation`, `reminder-1` ... by the template `reminder`, `revoked`. */
  template: string;
  /** Message-ID of the first mail, for the later ones. */
  in_reply_to: Generated<string | null>;
  /** What delivery reports said (RFC 3464), or the mail server at once where it refused for good; null where nothing did. */
  fate: Generated<"delivered" | "delayed" | "bounced" | null>;
  /** Enhanced status code of that (RFC 3463). */
  fate_status: Generated<string | null>;
  fate_at: Generated<number | null>;
}

/** Where mail came back from; the score fades with time (domain/suppression.ts). */
export interface SuppressionTable {
  /** Normal form of domain/address.ts. */
  address_key: string;
  /** As of `last_at`. */
  score: number;
  /** Enhanced status code of the last failure. */
  status: string | null;
  first_at: number;
  last_at: number;
}

/** Somebody wants no more invitations of one account. */
export interface MuteTable {
  account_id: string;
  address_key: string;
  created_at: number;
}

/** A mail to the account about recipients of one of its sharings that could not be reached. */
export interface SharerNoticeTable extends OutgoingMailColumns {
  id: string;
  account_id: string;
  sharing_id: string;
}

/** Where a mail that Usher sends stands; the columns that delivery/deliver.ts reads and writes. */
export interface OutgoingMailColumns {
  /** With angle brackets; every attempt to send it carries the same one. */
  message_id: string;
  /** The whole message, once rendered: a repeat sends the same bytes. */
  raw_sealed: string | null;
  state: "planned" | "attempting" | "sent" | "failed" | "unknown";
  attempts: number;
  unknown_attempts: number;
  /** Last SMTP reply, without addresses. */
  reply: string | null;
  created_at: number;
  sent_at: number | null;
}

/** `summary`: of all that one account was not told one by one. */
export type NoticeKind = "held" | "answered" | "failed" | "summary";

/** A mail to the account about one of its notifications; sent like an invitation. */
export interface NoticeTable extends Omit<OutgoingMailColumns, "state"> {
  id: string;
  account_id: string;
  /** Of a summary: the first that it was made for. */
  notification_id: string;
  kind: NoticeKind;
  /** What it is about, so that the same thing is told once: a state and its reason. */
  cause: string;
  /** What a person should know beyond the notification's own detail. */
  detail: string | null;
  /** `withheld`: told by no mail of its own; `reply` says why, or by which summary. */
  state: OutgoingMailColumns["state"] | "withheld";
}
