/** What the rules see of one mail: plain values, read within the bounds of limits.ts. */
export interface MailAddress {
  /** Display name, decoded; empty when there is none. */
  readonly name: string;
  /** addr-spec as written. */
  readonly address: string;
}

export interface HeaderField {
  /** Field name, lower-case. */
  readonly name: string;
  /** Field body, unfolded and trimmed, not decoded. */
  readonly value: string;
}

export interface TextPart {
  readonly type: "plain" | "html";
  readonly text: string;
}

/** One web address in the mail's own text: not in quoted or forwarded text, not inside another address. */
export interface OwnLink {
  /** As the WHATWG URL parser writes it. */
  readonly href: string;
  /** What is shown for it in the HTML part, without markup; null for an address in plain text. */
  readonly shown: string | null;
}

export interface MailView {
  /** In the order of the message, topmost first. */
  readonly headers: readonly HeaderField[];
  readonly from: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  /** Decoded subject, without line breaks. */
  readonly subject: string;
  /** With its angle brackets; null when the mail has none. */
  readonly messageId: string | null;
  /** The mail's own text parts, not those of attached mails or files. */
  readonly texts: readonly TextPart[];
  /** Lines that the sender wrote himself, of the plain part or, where there is none, of the HTML part: nothing quoted or forwarded. */
  readonly ownLines: readonly string[];
  /** Links of the sender's own text, each once, in order; at most limits.linksPerMail. */
  readonly ownLinks: readonly OwnLink[];
  /** Body of the first message/delivery-status part of a multipart/report (RFC 3464). */
  readonly deliveryStatus: string | null;
  /** Header block of the returned message in a multipart/report (RFC 3462). */
  readonly returnedHeaders: readonly HeaderField[];
  /** What could not be read, in words for a record; empty for an ordinary mail. */
  readonly problems: readonly string[];
  /** A limit was reached within the header block: fields are missing, so nothing can be said about their number. */
  readonly isHeaderCut?: boolean;
}

/** All values of one header field, topmost first. */
export function headerValues(mail: Pick<MailView, "headers">, name: string): readonly string[] {
  return mail.headers.filter((field) => field.name === name).map((field) => field.value);
}

/** The Message-ID with its angle brackets (RFC 5322 section 3.6.4); null where the mail has none that can be read. */
export function messageIdIn(mail: Pick<MailView, "headers">): string | null {
  const value = headerValues(mail, "message-id")[0] ?? "";
  return /<[^<>\s]{1,996}>/.exec(value)?.[0] ?? null;
}
