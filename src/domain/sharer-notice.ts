import type { Letter, WrittenLetter } from "./letter.ts";
import { limits } from "./limits.ts";
import type { MailAddress } from "./mail.ts";

/** A recipient who could not be reached. */
export interface UndeliveredTo {
  readonly address: string;
  /** Of a failure (domain/mail-failure.ts), as it stands in the store. */
  readonly reason: string | null;
  /** Enhanced status code (RFC 3463); null where no server gave one. */
  readonly status: string | null;
}

/** What a notice about undelivered invitations says; templates/README.md lists the variables made of it. */
export interface SharerNoticeFacts {
  readonly siteName: string;
  /** The account that shares. */
  readonly recipient: MailAddress;
  /** Of the sharing. */
  readonly title: string;
  readonly failures: readonly UndeliveredTo[];
}

/** A mail to an account about recipients of one of its sharings that could not be reached. */
export interface SharerNoticeLetter extends Letter {
  readonly template: "notice-undelivered";
  readonly facts: SharerNoticeFacts;
}

/** Puts such a notice into a mail. */
export type WriteSharerNotice = (letter: SharerNoticeLetter) => Promise<WrittenLetter>;

/**
 * How long a notice waits for further failures of the same sharing, after so many notices about it: ten minutes, an hour,
 * six hours, and then a day each.
 */
export function sharerNoticeWaitMs(earlier: number): number {
  return Math.min(limits.sharerNoticeWaitMaxMs, limits.sharerNoticeWaitMs * 6 ** Math.min(earlier, 10));
}
