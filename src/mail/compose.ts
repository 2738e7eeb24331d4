import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import { addressKey } from "../domain/address.ts";
import { hasControl, withoutBidi } from "../domain/display-text.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";

/** What one mail to one recipient is made of. */
export interface MailParts {
  readonly from: MailAddress;
  /** Null: replies go to the sender. */
  readonly replyTo: MailAddress | null;
  readonly to: MailAddress;
  readonly subject: string;
  /** With angle brackets. */
  readonly messageId: string;
  /** Message-ID of the mail that it is about; null for none. */
  readonly inReplyTo: string | null;
  /** What it is, for whoever reads mail by program; null for what is written on a person's behalf. */
  readonly notice: string | null;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly html: string;
  readonly text: string;
}

/** A header field cannot be written as asked; nothing was composed. */
export class HeaderFieldError extends Error {
  override readonly name = "HeaderFieldError";
  /** The same parts give the same answer. */
  readonly temporary = false;
}

/**
 * The whole RFC 5322 message, multipart/alternative, CRLF. The same parts give the same bytes.
 * @throws HeaderFieldError when a field has control characters, is too long, or an address is not one addr-spec.
 */
export async function composeMail(parts: MailParts): Promise<Buffer> {
  const composer = new MailComposer({
    from: address("From", parts.from),
    to: address("To", parts.to),
    ...(parts.replyTo === null ? {} : { replyTo: address("Reply-To", parts.replyTo) }),
    subject: text("Subject", parts.subject, limits.sentSubjectChars),
    messageId: messageId("Message-ID", parts.messageId),
    ...thread(parts.inReplyTo),
    date: new Date(parts.date),
    // RFC 3834 section 5, and Exchange's own way to ask for no automatic answer.
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      ...(parts.notice === null ? {} : { "X-Usher-Notice": text("X-Usher-Notice", parts.notice, 40) }),
    },
    text: parts.text,
    html: parts.html,
    baseBoundary: boundary(parts),
    newline: "\r\n",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** The one place where text reaches a header: nodemailer is given nothing that could end a line. */
function text(field: string, value: string, maxChars: number): string {
  if (hasControl(value)) throw new HeaderFieldError(`${field} has control characters; remove them.`);
  const shown = withoutBidi(value).trim();
  if (shown.length > maxChars) {
    throw new HeaderFieldError(`${field} has ${shown.length} characters; at most ${maxChars} can be sent.`);
  }
  return shown;
}

function address(field: string, who: MailAddress): { name: string; address: string } {
  const key = addressKey(who.address);
  if (key === null)
    throw new HeaderFieldError(`${field} has no usable mail address; write it as name@domain.`);
  return { name: text(field, who.name, limits.displayNameChars), address: key };
}

function messageId(field: string, value: string): string {
  if (isMessageId(value)) return value;
  throw new HeaderFieldError(`${field} is not of the form <left@right> (RFC 5322 section 3.6.4).`);
}

/** Whether a text can stand in Message-ID, In-Reply-To and References as it is; strangers write stranger ones. */
export function isMessageId(value: string): boolean {
  return value.length <= limits.messageIdChars && /^<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>$/.test(value);
}

function thread(inReplyTo: string | null): { inReplyTo?: string; references?: string } {
  if (inReplyTo === null) return {};
  const id = messageId("In-Reply-To", inReplyTo);
  return { inReplyTo: id, references: id };
}

/** Depends on all of the content, so that no content can be written that holds its own boundary. */
function boundary(parts: MailParts): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
