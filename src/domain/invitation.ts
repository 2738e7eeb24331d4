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
  /** When the sharing ends, milliseconds since 1970; null for never. */
  readonly expiresAtMs: number | null;
  /** Where the recipient can decline, or ask for no more; a secret of the recipient. Null where no pages are served. */
  readonly page: string | null;
  /** What can be typed or pasted in place of the link, as Open Cloud Mesh invitations have it; null for none. */
  readonly code: string | null;
  /** The code as all servers of Open Cloud Mesh take it, in base64; null for none. */
  readonly inviteString: string | null;
}

/** What a mail to a recipient is for. */
export type InvitationTemplate =
  | "invitation"
  /** Asks where the recipient is at home (Cozy). */
  | "discovery"
  /** Of Open Cloud Mesh, with link and code. */
  | "invite"
  | "reminder"
  | "revoked";

/** One invitation as it is put into a mail. */
export interface InvitationLetter extends Letter {
  readonly template: InvitationTemplate;
  /** Message-ID of the first mail of the sharing to this recipient; null in that one. */
  readonly inReplyTo: string | null;
  /** Ids of the sharing and the recipient. */
  readonly sharingId: string;
  readonly recipientId: string;
  readonly facts: InvitationFacts;
}

/** Puts an invitation into a mail. */
export type WriteInvitation = (letter: InvitationLetter) => Promise<WrittenLetter>;

/** The Message-ID of an invitation: every attempt to send it carries the same one (RFC 5322 section 3.6.4). */
export function invitationMessageId(invitationId: string, domain: string): string {
  return `<${invitationId}.invitation@${domain}>`;
}
