import { decodeText, type TextCoding } from "../../src/mailbox/decode-text.ts";
import { rulesByPresence, rulesByText } from "../../src/mailbox/scan-rules.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";

/** One mail in the pieces that a scan fetches: BODYSTRUCTURE has told where its text parts lie and how they are coded. */
export interface FetchedMail {
  readonly headerText: string;
  readonly sizeBytes: number;
  readonly texts: readonly (TextCoding & { readonly bytes: Buffer })[];
}

const rules = rulesByText(
  rulesByPresence(
    mailReaders.flatMap(({ headers }) => headers),
    async () => undefined,
  ),
  (text) => mailReaders.some((reader) => reader.mayAnnounce(text)),
);

/** Takes a mail of one multipart/alternative apart, as the IMAP server does before the scan sees it. */
export function fetched(raw: Buffer): FetchedMail {
  const text = raw.toString("latin1");
  const [headerText = "", ...rest] = text.split("\r\n\r\n");
  const boundary = /boundary="?([^"\r\n]+)/.exec(headerText)?.[1] ?? "";
  const parts = rest.join("\r\n\r\n").split(`--${boundary}`).slice(1, -1);
  const texts = parts.map((part) => {
    const [head = "", ...body] = part.split("\r\n\r\n");
    return {
      encoding: /transfer-encoding: *(\S+)/i.exec(head)?.[1]?.toLowerCase() ?? "7bit",
      charset: /charset="?([^";\s]+)/i.exec(head)?.[1]?.toLowerCase() ?? "",
      bytes: Buffer.from(body.join("\r\n\r\n"), "latin1"),
    };
  });
  const fields = `${headerText}\r\n`.match(/^\S+:.*\r\n(?:[ \t].*\r\n)*/gm) ?? [];
  const asked = fields.filter((field) =>
    rules.fields.includes(field.slice(0, field.indexOf(":")).toLowerCase()),
  );
  return { headerText: `${asked.join("")}\r\n`, sizeBytes: raw.length, texts };
}

/** What the scan does with one mail: its header fields, then the decoded text of what can still be a share. */
export function isWorthReading({ headerText, sizeBytes, texts }: FetchedMail): boolean {
  if (rules.isCandidate(headerText)) return true;
  if (rules.text?.mayBe({ uid: 1, headerText, sizeBytes }) !== true) return false;
  return rules.text.isCandidate(texts.map((part) => decodeText(part.bytes, part)).join("\n"));
}
