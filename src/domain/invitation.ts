import type { Letter, WrittenLetter } from "./letter.ts";
import type { MailAddress } from "./mail.ts";

/** What an invitation says; templates/README.md lists the variables made of it. */
export interface InvitationFacts {
  readonly siteName: string;
  readonly sharer: MailAddress;
  readonly recipient: MailAddress;
  readonly title: string;
  /** Secret. */
  readonly link: string;
  /** Lines separated by line feeds; empty for none. */
  readonly message: string;
}

/** One invitation as it is put into a mail. */
export interface InvitationLetter extends Letter {
  readonly template: string;
  readonly facts: InvitationFacts;
}

/** Puts an invitation into a mail. */
export type WriteInvitation = (letter: InvitationLetter) => Promise<WrittenLetter>;

/** The Message-ID of an invitation: every attempt to send it carries the same one (RFC 5322 section 3.6.4). */
export function invitationMessageId(invitationId: string, domain: string): string {
  return `<${invitationId}.invitation@${domain}>`;
}
