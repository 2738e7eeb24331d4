import {
  type AddressObject,
  type AttachmentStream,
  type HeaderValue,
  MailParser,
  type MailParserOptions,
  type MessageText,
} from "mailparser";
import { limits } from "../domain/limits.ts";
import type { HeaderField, MailAddress, TextPart } from "../domain/mail.ts";
import { type OwnText, ownText } from "./own-text.ts";

/** What mailparser finds in one mail, and what of its text is the sender's own. */
export interface MimeParts extends OwnText {
  readonly subject: string;
  readonly from: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly texts: readonly TextPart[];
  /** Parts of a delivery report, with their lower-case types. */
  readonly reportParts: readonly ReportPart[];
}

export interface ReportPart {
  readonly type: string;
  readonly text: string;
}

/** Beyond the typed options, mailparser hands these on to mailsplit. */
const options: MailParserOptions & Readonly<Record<string, boolean | number>> = {
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
  keepDeliveryStatus: true,
  /** An attached mail is a file: its text is not the mail's own. */
  ignoreEmbedded: true,
  maxHeadSize: limits.headerBlockBytes,
  maxChildNodes: limits.mimeParts,
};

const reportTypes: ReadonlySet<string> = new Set([
  "message/delivery-status",
  "message/global-delivery-status",
  "text/rfc822-headers",
  "message/global-headers",
  "message/rfc822",
  "message/global",
]);

/**
 * Parses a mail given as fields and body. Only the fields that say how to read it go in, each as often as it may occur.
 * @throws what mailparser throws, for example at more than limits.mimeParts parts.
 */
export async function readMimeParts(fields: readonly HeaderField[], body: Buffer): Promise<MimeParts> {
  const parser = new MailParser(options);
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let headers: ReadonlyMap<string, HeaderValue> = new Map();
  const texts: TextPart[] = [];
  const reportParts: ReportPart[] = [];
  parser.on("headers", (found: ReadonlyMap<string, HeaderValue>) => {
    headers = found;
  });
  parser.on("data", (part: AttachmentStream | MessageText) => {
    if (part.type === "text") texts.push(...textsOf(part));
    else collect(part, reportParts, reject);
  });
  parser.once("end", () => {
    resolve(undefined);
  });
  parser.on("error", reject);
  parser.end(Buffer.concat([Buffer.from(headText(fields)), body]));
  await promise;
  const subject = headers.get("subject");
  return {
    subject: typeof subject === "string" ? subject : "",
    from: addressesOf(headers.get("to"), fields, "from"),
    replyTo: addressesOf(headers.get("cc"), fields, "reply-to"),
    texts,
    ...ownText(texts),
    reportParts,
  };
}

/**
 * The fields as mailparser is to see them. It keeps only the last of several From and Reply-To fields, but all of To and
 * Cc: they go in under those names, so that none is lost.
 */
function headText(fields: readonly HeaderField[]): string {
  const single = ["subject", "content-type", "content-transfer-encoding", "content-disposition"];
  const lines = single.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const named = fields.flatMap(({ name, value }) => {
    if (name === "from") return { name: "to", value };
    return name === "reply-to" ? { name: "cc", value } : [];
  });
  const all = [...lines, ...named].map(
    ({ name, value }) => `${name}: ${value.replaceAll(/[\r\n\0]/g, " ")}\r\n`,
  );
  return `${all.join("")}\r\n`;
}

function textsOf(part: MessageText): readonly TextPart[] {
  const plain = part.text?.trim() ?? "";
  const html = typeof part.html === "string" ? part.html : "";
  const texts: TextPart[] = [];
  if (plain !== "") texts.push({ type: "plain", text: plain.slice(0, limits.textPartChars) });
  if (html !== "") texts.push({ type: "html", text: html.slice(0, limits.textPartChars) });
  return texts;
}

/** Reads an attachment to its end, because the parser waits for that; keeps only the parts of a delivery report. */
function collect(part: AttachmentStream, into: ReportPart[], reject: (reason: unknown) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const isWanted = reportTypes.has(part.contentType);
  part.content.on("data", (chunk: Buffer) => {
    if (!isWanted || bytes >= limits.headerBlockBytes) return;
    chunks.push(chunk);
    bytes += chunk.length;
  });
  part.content.once("error", reject);
  part.content.once("end", () => {
    if (isWanted) into.push({ type: part.contentType, text: Buffer.concat(chunks).toString("utf8") });
    part.release();
  });
}

function addressesOf(
  value: HeaderValue | readonly AddressObject[] | undefined,
  fields: readonly HeaderField[],
  name: string,
): readonly MailAddress[] {
  const raw = fields.filter((field) => field.name === name).map((field) => field.value);
  const lists = [value].flat().filter(isAddressObject);
  return lists
    .flatMap((list) => list.value.flatMap((entry) => entry.group ?? entry))
    .slice(0, limits.addressesPerMail)
    .map((entry) => ({ name: entry.name, address: asWritten(entry.address ?? "", raw) }));
}

function isAddressObject(value: unknown): value is AddressObject {
  return typeof value === "object" && value !== null && "value" in value && Array.isArray(value.value);
}

/** Mailparser shows the domain of an international address decoded; the mail has it as A-label, and so do we. */
function asWritten(address: string, raw: readonly string[]): string {
  if (raw.some((value) => value.includes(address))) return address;
  const at = address.lastIndexOf("@");
  const domain = URL.parse(`http://${address.slice(at + 1)}/`)?.hostname;
  return at === -1 || domain === undefined ? address : `${address.slice(0, at)}@${domain}`;
}
