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
export interface InvitationLetter {
  readonly template: string;
  /** BCP 47 tag. */
  readonly locale: string;
  readonly facts: InvitationFacts;
  /** Who sends it: the site's own address. */
  readonly site: MailAddress;
  /** With angle brackets. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
}

/** Puts an invitation into a whole RFC 5322 message. The same letter gives the same bytes. */
export type WriteInvitation = (letter: InvitationLetter) => Promise<WrittenInvitation>;

export type WrittenInvitation =
  | { readonly kind: "written"; readonly raw: Buffer }
  /** `temporary`: the operator can repair what is wrong, and the letter need not change. */
  | { readonly kind: "not-written"; readonly temporary: boolean; readonly why: string };

/** The Message-ID of an invitation: every attempt to send it carries the same one (RFC 5322 section 3.6.4). */
export function invitationMessageId(invitationId: string, domain: string): string {
  return `<${invitationId}.invitation@${domain}>`;
}
