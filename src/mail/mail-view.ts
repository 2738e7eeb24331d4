import { parseHeaderFields } from "../domain/header-fields.ts";
import { limits } from "../domain/limits.ts";
import { type HeaderField, headerValues, type MailView, messageIdIn } from "../domain/mail.ts";
import { oneLine } from "../domain/one-line.ts";
import { type MailHead, readHead, withLineFeeds } from "./headers.ts";
import type { MimeParts } from "./mime-parts.ts";

/** The view that needs no parser: header fields alone, addresses and encoded words unread. */
export function headView(prefix: Buffer, problems: readonly string[]): MailView {
  return viewOf(readHead(withLineFeeds(prefix)), noParts, problems);
}

const noParts: MimeParts = {
  subject: "",
  from: [],
  replyTo: [],
  texts: [],
  ownLines: [],
  ownLinks: [],
  reportParts: [],
};

/** The view of a mail from its head and what its parts gave. */
export function viewOf(head: MailHead, parts: MimeParts, problems: readonly string[]): MailView {
  const isReport = /^multipart\/report(?![^\s;(])/i.test(
    headerValues({ headers: head.fields }, "content-type")[0] ?? "",
  );
  return {
    headers: head.fields,
    from: parts.from,
    replyTo: parts.replyTo,
    subject: oneLine(parts.subject, limits.mailSubjectChars),
    messageId: messageIdIn({ headers: head.fields }),
    texts: parts.texts,
    ownLines: parts.ownLines,
    ownLinks: parts.ownLinks,
    deliveryStatus: isReport ? deliveryStatusOf(parts) : null,
    returnedHeaders: isReport ? returnedHeadersOf(parts) : [],
    problems,
    isHeaderCut: head.isCut,
  };
}

function deliveryStatusOf(parts: MimeParts): string | null {
  return parts.reportParts.find(({ type }) => type.endsWith("delivery-status"))?.text ?? null;
}

function returnedHeadersOf(parts: MimeParts): readonly HeaderField[] {
  const returned = parts.reportParts.find(({ type }) => !type.endsWith("delivery-status"));
  return returned === undefined ? [] : parseHeaderFields(returned.text.trimStart()).fields;
}
