import { randomInt } from "node:crypto";

export interface ShareMailOptions {
  /** Absolute link of the share. */
  readonly link: string;
  readonly sharer: { readonly name: string; readonly address: string };
  /** Address of the recipient. */
  readonly recipient: string;
  /** Name of what is shared. */
  readonly title: string;
  /** `share-created` unless given. */
  readonly type?: "share-created" | "link-created" | "confirm-pwreset";
  /** What the title is the name of: `folder` unless given. */
  readonly kind?: "file" | "image" | "folder" | "item" | "calendar";
  /** With angle brackets; made up in the shape of OX unless given, null leaves the field out. */
  readonly messageId?: string | null;
  readonly date?: Date;
  /** Body of an Authentication-Results field, as a receiving server would have put it on top. */
  readonly authenticationResults?: string;
  /** Free text of the sharer. */
  readonly message?: string;
  /** `link-created` only. */
  readonly password?: string;
  /** `link-created` only; a date as text. */
  readonly expires?: string;
  /** `confirm-pwreset` only; made from the link unless given. */
  readonly resetLink?: string;
  /** Where the header field with the link is folded: right after its colon, or nowhere. */
  readonly foldLink?: boolean;
  /** `multipart/related` with a footer image in place of the bare HTML part. */
  readonly footerImage?: boolean;
  /** More header fields, as written, at the end of the block. */
  readonly moreHeaders?: readonly string[];
}

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** An OX share mail (reference/ox.md, section 2) as RFC 5322 text with CRLF line ends. */
export function shareMail(options: ShareMailOptions): string {
  const boundary = `----=_Part_${randomInt(1000)}_${randomInt(1e9)}.${Date.now()}`;
  const html = htmlBody(options);
  const htmlPart = options.footerImage === true ? relatedPart(html) : textPart("html", html);
  const lines = [
    ...headerLines(options),
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; \r\n\tboundary="${boundary}"`,
    ...shareHeaders(options),
    ...(options.moreHeaders ?? []),
    "",
    `--${boundary}`,
    ...textPart("plain", plainBody(options)),
    `--${boundary}`,
    ...htmlPart,
    `--${boundary}--`,
    "",
  ];
  return lines.join("\r\n");
}

function headerLines(options: ShareMailOptions): string[] {
  const { sharer, recipient, authenticationResults } = options;
  const date = options.date ?? new Date();
  const domain = sharer.address.slice(sharer.address.lastIndexOf("@") + 1);
  const made = `<${randomInt(2 ** 31)}.${randomInt(100)}.${date.getTime()}@ox1.${domain}>`;
  const messageId = options.messageId === undefined ? made : options.messageId;
  return [
    ...(authenticationResults === undefined ? [] : [`Authentication-Results: ${authenticationResults}`]),
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `From: ${phrase(sharer.name)} <${sharer.address}>`,
    `To: ${recipient}`,
    ...(messageId === null ? [] : [`Message-ID: ${messageId}`]),
    `Subject: ${encodedWords(subjectOf(options))}`,
  ];
}

function shareHeaders(options: ShareMailOptions): string[] {
  const { type = "share-created", link, foldLink } = options;
  return [
    "X-Priority: 3",
    "X-Mailer: Open-Xchange Mailer v7.10.6-Rev31",
    "Auto-Submitted: auto-generated",
    `X-Open-Xchange-Share-Type: ${type}`,
    `X-Open-Xchange-Share-URL:${foldLink === true ? "\r\n " : " "}${link}`,
    ...(type === "confirm-pwreset" ? [`X-Open-Xchange-Share-Reset-PW-URL: ${resetLink(options)}`] : []),
  ];
}

/** `<base>/share/reset/password?share=<token>&confirm=<token>` (reference/ox.md 3.1). */
function resetLink({ link, resetLink: given }: ShareMailOptions): string {
  if (given !== undefined) return given;
  const [base, rest = ""] = link.split("share/");
  return `${base}share/reset/password?share=${rest.slice(0, 48)}&confirm=43cd11838e8c128aa744d9279f1cf4d2`;
}

function subjectOf({ type, kind = "folder", sharer, title }: ShareMailOptions): string {
  if (type === "confirm-pwreset") return "New password for your guest access";
  return `${sharer.name} has shared the ${kind} "${title}" with you.`;
}

/** Main address of the mail's one action. */
function actionLink(options: ShareMailOptions): string {
  return options.type === "confirm-pwreset" ? resetLink(options) : options.link;
}

function plainBody(options: ShareMailOptions): string {
  const { sharer, title, message, password, expires } = options;
  return [
    `${sharer.name} (${sharer.address}) shares "${title}" with you.`,
    ...(message === undefined ? [] : ["", message]),
    "",
    `View <${actionLink(options)}>`,
    ...(password === undefined ? [] : ["", "Use this password:", password]),
    ...(expires === undefined ? [] : ["", `It works until ${expires}.`]),
  ].join("\r\n");
}

/** Elements and ids of reference/ox.md 2.5. */
function htmlBody(options: ShareMailOptions): string {
  const { sharer, title, message, password, expires } = options;
  const shared = `${escaped(sharer.name)} (${escaped(sharer.address)}) shares &quot;${escaped(title)}&quot; with you.`;
  return [
    "<!DOCTYPE html>",
    '<html lang="en"><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>',
    `<p id="has_shared_items">${shared}</p>`,
    ...(message === undefined ? [] : [`<p id="user_message"><cite>${escaped(message)}</cite></p>`]),
    `<p id="view_items"><a href="${actionLink(options)}" style="color:#ffffff"><span>View</span></a></p>`,
    ...(password === undefined
      ? []
      : [`<p id="use_password">Use this password:<br>${escaped(password)}</p>`]),
    ...(expires === undefined ? [] : [`<p id="will_expire">It works until ${escaped(expires)}.</p>`]),
    `<hr><div id="signature"><p id="signature_text">Cloud groupware</p></div>`,
    "</body></html>",
  ].join("\r\n");
}

function textPart(subtype: "plain" | "html", text: string): string[] {
  return [
    `Content-Type: text/${subtype}; charset=UTF-8`,
    "Content-Transfer-Encoding: base64",
    "",
    base64Lines(text),
  ];
}

function relatedPart(html: string): string[] {
  const boundary = `----=_Part_${randomInt(1000)}_${randomInt(1e9)}.${Date.now()}`;
  const id = "77d1c0de-0000-4000-8000-0000000000a2";
  return [
    `Content-Type: multipart/related; \r\n\tboundary="${boundary}"`,
    "",
    `--${boundary}`,
    ...textPart(
      "html",
      html.replace("Cloud groupware", `<img id="signature_image" src="cid:${id}">Cloud groupware`),
    ),
    `--${boundary}`,
    'Content-Type: image/png; name="logo.png"',
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: inline; filename="logo.png"',
    `Content-ID: <${id}>`,
    `X-Attachment-Id: ${id}`,
    "",
    pixel,
    `--${boundary}--`,
  ];
}

function base64Lines(text: string): string {
  return (
    Buffer.from(text, "utf8")
      .toString("base64")
      .match(/.{1,76}/g) ?? []
  ).join("\r\n");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A display name: as it is, quoted, or as encoded words. */
function phrase(name: string): string {
  if (!isAscii(name)) return encodedWords(name);
  return /^[\w !#$%&'*+/=?^`{|}~-]*$/.test(name) ? name : `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** RFC 2047 Q encoding in words of at most 75 characters, whole characters in each, folded; ASCII stays as it is. */
export function encodedWords(text: string): string {
  if (isAscii(text)) return text;
  const words = [""];
  for (const character of text) {
    const next = [...Buffer.from(character, "utf8")].map(encodedByte).join("");
    if ((words.at(-1) ?? "").length + next.length > 62) words.push("");
    words[words.length - 1] += next;
  }
  return words.map((word) => `=?UTF-8?Q?${word}?=`).join("\r\n ");
}

function encodedByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === " ") return "_";
  return /[A-Za-z0-9]/.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
