import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import { addressKey, isInternational } from "../domain/address.ts";
import { hasControl, withoutBidi } from "../domain/display-text.ts";
import { limits } from "../domain/limits.ts";
import type { HeaderField, MailAddress } from "../domain/mail.ts";
import type { InlineImage } from "./templates/brand.ts";
import { type ShareHeader, shareHeaderFields } from "../domain/share-header.ts";

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
  /** The sharing that it is about, for a receiving Usher; left out in a mail that is about none. */
  readonly share?: ShareHeader;
  /** Where a POST says that no more such mail is wanted (RFC 8058), https; left out where nothing answers there. */
  readonly unsubscribe?: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly html: string;
  readonly text: string;
  /** Pictures that the HTML names by `cid:`; left out for none. */
  readonly images?: readonly InlineImage[];
}

/** A header field cannot be written as asked; nothing was composed. */
export class HeaderFieldError extends Error {
  override readonly name = "HeaderFieldError";
  /** The same parts give the same answer. */
  readonly temporary = false;
}

/**
 * The whole RFC 5322 message, multipart/alternative, CRLF; pictures make a multipart/related of the HTML. The same parts give
 * the same bytes.
 * @throws HeaderFieldError when a field has control characters, is too long, is no web address where one is needed, or an
 * address is not one addr-spec, or needs more of mail servers (SMTPUTF8) than the recipient's address does.
 */
export async function composeMail(parts: MailParts): Promise<Buffer> {
  requireDeliverable(parts);
  const composer = new MailComposer({
    from: address("From", parts.from),
    to: address("To", parts.to),
    ...(parts.replyTo === null ? {} : { replyTo: address("Reply-To", parts.replyTo) }),
    subject: text("Subject", parts.subject, limits.sentSubjectChars),
    messageId: messageId("Message-ID", parts.messageId),
    ...thread(parts.inReplyTo),
    date: new Date(parts.date),
    headers: machineFields(parts).map(prepared),
    text: parts.text,
    html: parts.html,
    attachments: parts.images?.map(inlinePart) ?? [],
    baseBoundary: boundary(parts),
    newline: "\r\n",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** RFC 2387: beside the HTML that names it, and no attachment for the reader. */
function inlinePart({ contentId, contentType, content }: InlineImage) {
  return {
    cid: contentId,
    contentType,
    content,
    contentDisposition: "inline" as const,
    filename: false as const,
  };
}

/** Fields that programs read. */
function machineFields({ notice, share, unsubscribe }: MailParts): readonly HeaderField[] {
  return [
    // RFC 3834 section 5, and Exchange's own way to ask for no automatic answer.
    { name: "Auto-Submitted", value: "auto-generated" },
    { name: "X-Auto-Response-Suppress", value: "All" },
    ...(notice === null ? [] : [{ name: "X-Usher-Notice", value: text("X-Usher-Notice", notice, 40) }]),
    ...(share === undefined ? [] : shareFields(share)),
    ...(unsubscribe === undefined ? [] : unsubscribeFields(unsubscribe)),
  ];
}

function shareFields(share: ShareHeader): readonly HeaderField[] {
  return shareHeaderFields({
    ...share,
    sharingId: text("X-Usher-Share-ID", share.sharingId, 40),
    title: text("X-Usher-Share-Title", share.title, limits.titleChars),
    link: webAddress("X-Usher-Share-Link", share.link),
  });
}

/** RFC 8058 section 3.1. */
function unsubscribeFields(url: string): readonly HeaderField[] {
  return [
    { name: "List-Unsubscribe", value: `<${webAddress("List-Unsubscribe", url)}>` },
    { name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click" },
  ];
}

/** Written as it is: encoded words have no place in what programs read. Folded where it has spaces. */
function prepared({ name, value }: HeaderField) {
  if (!/^[\x20-\x7E]*$/.test(value)) throw new HeaderFieldError(`${name} has characters beyond ASCII.`);
  return { key: name, value: { prepared: true, foldLines: true, value } };
}

/** As a URL parser writes it, which is ASCII without spaces and angle brackets. */
function webAddress(field: string, url: string): string {
  const parsed = url.length > limits.urlChars ? null : URL.parse(url);
  if (parsed?.protocol === "https:") return parsed.href;
  throw new HeaderFieldError(`${field} is not an https address of at most ${limits.urlChars} characters.`);
}

/** RFC 6532: one such address in the header, and every mail server on the way must offer SMTPUTF8. */
function requireDeliverable({ from, replyTo, to }: MailParts): void {
  if (isInternational(to.address)) return;
  if ([from.address, replyTo?.address ?? ""].some(isInternational)) {
    throw new HeaderFieldError(
      "From or Reply-To has characters beyond ASCII before the @ sign, and the recipient's address has none; " +
        "his mail server may refuse such a mail.",
    );
  }
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
  // An id of a picture is made of its bytes.
  const images = parts.images?.map(({ contentId }) => contentId);
  return createHash("sha256")
    .update(JSON.stringify({ ...parts, images }))
    .digest("hex")
    .slice(0, 32);
}
