import { randomBytes } from "node:crypto";

/** A mail as it goes to an SMTP server: the envelope, and RFC 5322 text with CRLF line ends. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly message: string;
}

export interface Words {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly replyTo: Mailbox;
  readonly subject: string;
  /** In the order of the message. */
  readonly parts: readonly { readonly subtype: "plain" | "html"; readonly text: string }[];
  readonly moreHeaders?: readonly string[];
}

interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A mail in the shape of reference/cozy.md 2.1: no Message-ID; header fields in an order of no meaning. */
export function writeLetter({ from, to, replyTo, subject, parts, moreHeaders = [] }: Words): Letter {
  const boundary = randomBytes(30).toString("hex");
  const headers = [
    `Subject: ${encodedWords(subject)}`,
    `To: ${written(to)}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Reply-To: ${written(replyTo)}`,
    `From: ${written(from)}`,
    "Mime-Version: 1.0",
    ...moreHeaders,
    `Content-Type: multipart/alternative;\r\n boundary=${boundary}`,
  ];
  const bodies = parts.flatMap(({ subtype, text }) => [
    `--${boundary}`,
    "Content-Transfer-Encoding: quoted-printable",
    `Content-Type: text/${subtype}; charset=UTF-8`,
    "",
    quotedPrintable(text),
  ]);
  const message = [...headers, "", ...bodies, `--${boundary}--`, ""].join("\r\n");
  return { from: from.address, to: to.address, message };
}

function written({ name, address }: Mailbox): string {
  const isAscii = /^[\x20-\x7e]*$/.test(name);
  const shown = isAscii ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : encodedWords(name);
  return `${shown} <${address}>`;
}

/** RFC 2047 Q encoding, one word for each character run that fits; ASCII stays as it is. */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words = [""];
  for (const character of text) {
    const next = /[A-Za-z0-9]/.test(character) ? character : hex(character);
    if ((words.at(-1) ?? "").length + next.length > 60) words.push("");
    words[words.length - 1] += next;
  }
  return words.map((word) => `=?UTF-8?q?${word}?=`).join("\r\n ");
}

function hex(character: string): string {
  const bytes = [...Buffer.from(character, "utf8")];
  return bytes.map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** RFC 2045 section 6.7: lines of at most 76 characters. */
function quotedPrintable(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const lines = [""];
      for (const character of line) {
        const next = /[\x20-\x3c\x3e-\x7e]/.test(character) ? character : hex(character);
        if ((lines.at(-1) ?? "").length + next.length > 73) lines.push("");
        lines[lines.length - 1] += next;
      }
      return lines.join("=\r\n").replace(/ $/, "=20");
    })
    .join("\r\n");
}

/** The first web address in a mail of an emulated Cozy. */
export function linkIn({ message }: Letter): string {
  const text = message
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  const [link] = /https?:\/\/[^\s"<]+/.exec(text) ?? [];
  if (link === undefined) throw new Error("There is no link in the mail.");
  return link.replaceAll("&amp;", "&");
}
