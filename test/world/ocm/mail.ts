import { randomBytes } from "node:crypto";
import { quotedPrintable } from "../cozy-v3/quoted-printable.ts";
import { encodedWords } from "../share-mail.ts";
import { alphanumerics } from "./users.ts";

export interface Letter {
  readonly subject: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly replyTo?: { readonly name: string; readonly address: string };
  /** Field lines that stand behind the Message-ID. */
  readonly more?: readonly string[];
  /** Lines of the text part, and of the body of the HTML part. */
  readonly text: readonly string[];
  readonly html: readonly string[];
  readonly date?: Date;
}

/** RFC 5322 text with CRLF, in the form of Nextcloud and ownCloud (reference/ocm.md 2.3): text first, boundary of eight characters. */
export function composed(letter: Letter): string {
  const boundary = alphanumerics(8);
  const { subject, from, to, replyTo, more = [], date = new Date() } = letter;
  const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
  const html = [
    "<!DOCTYPE html>",
    '<html lang="en"><head><meta charset="utf-8"></head>',
    "<body>",
    ...letter.html,
    "</body></html>",
  ];
  return [
    `Subject: ${encodedWords(subject)}`,
    `To: ${to}`,
    `From: ${mailbox(from)}`,
    ...(replyTo === undefined ? [] : [`Reply-To: ${mailbox(replyTo)}`]),
    `Message-ID: <${randomBytes(16).toString("hex")}@${domain}>`,
    ...more,
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; boundary=${boundary}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    "",
    `--${boundary}`,
    ...part("plain", letter.text),
    `--${boundary}`,
    ...part("html", html),
    `--${boundary}--`,
    "",
  ].join("\r\n");
}

function part(subtype: "plain" | "html", lines: readonly string[]): readonly string[] {
  return [
    `Content-Type: text/${subtype}; charset=utf-8`,
    "Content-Transfer-Encoding: quoted-printable",
    "",
    quotedPrintable(lines.join("\r\n")),
  ];
}

function mailbox({ name, address }: { readonly name: string; readonly address: string }): string {
  const encoded = encodedWords(name);
  return `${encoded === name ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : encoded} <${address}>`;
}
