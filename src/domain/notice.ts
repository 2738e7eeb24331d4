import type { Evidence } from "./evidence.ts";
import type { Letter, WrittenLetter } from "./letter.ts";
import type { MailAddress } from "./mail.ts";

/** What a notice is about. */
export interface NoticeShare {
  readonly title: string | null;
  readonly module: string | null;
  /** An invitation from cloud to cloud: whoever accepts it knows the sharer from then on, and nothing is set up. */
  readonly isInvitation: boolean;
  readonly sharer: MailAddress;
  /** `https://host[:port]`; empty where the mail does not tell it. */
  readonly origin: string;
  /** Null where the record says nothing. */
  readonly evidence: Evidence | null;
}

/** How the account can answer. */
export interface WaysToAnswer {
  /** Link of the answer page; secret. Null where no pages are served. */
  readonly page: string | null;
  /** Parent of the answer folders in the account's mailbox; null where there are none. */
  readonly folder: string | null;
  /** When the chance is over, in milliseconds since 1970; null for never. */
  readonly untilMs: number | null;
}

/** What a notice says; templates/README.md lists the variables made of it. */
export interface NoticeFacts {
  readonly siteName: string;
  readonly recipient: MailAddress;
  readonly share: NoticeShare;
  /** State of the notification, and why. */
  readonly state: string;
  readonly reason: string | null;
  /** In English; shown where there is no sentence for the reason. */
  readonly detail: string | null;
  /** The account's last answer changed nothing; `detail` says why. */
  readonly isUnchanged: boolean;
  readonly ways: WaysToAnswer;
}

/** What a summary says. */
export interface SummaryFacts {
  readonly siteName: string;
  readonly recipient: MailAddress;
  readonly shares: readonly NoticeShare[];
  readonly folder: string | null;
}

export type NoticeLetter = Letter & {
  /** Message-ID, with angle brackets, of the mail that it is about; null where it has none. */
  readonly inReplyTo: string | null;
} & (
    | { readonly template: "notice-held" | "notice-answered" | "notice-failed"; readonly facts: NoticeFacts }
    | { readonly template: "notice-summary"; readonly facts: SummaryFacts }
  );

/** Puts a notice into a mail. */
export type WriteNotice = (letter: NoticeLetter) => Promise<WrittenLetter>;
