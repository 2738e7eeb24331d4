import * as fc from "fast-check";
import { simpleParser } from "mailparser";
import { describe, expect, it } from "vitest";
import { hasControl, withoutBidi } from "../../src/domain/display-text.ts";
import { composeMail, HeaderFieldError, type MailParts } from "../../src/mail/compose.ts";

const parts = {
  from: { name: "Alice via Example", address: "share@example.org" },
  replyTo: { name: "Alice", address: "alice@example.org" },
  to: { name: "", address: "bob@example.net" },
  subject: "Alice shares “Reports” with you",
  messageId: "<i0123.invitation@example.org>",
  inReplyTo: null,
  notice: null,
  date: Date.UTC(2026, 10, 21, 12, 0, 0),
  html: "<p>Grüße</p>",
  text: "Grüße\n\n> eins\n",
} satisfies MailParts;

const fields = [
  "Auto-Submitted",
  "X-Auto-Response-Suppress",
  "From",
  "To",
  "Reply-To",
  "Subject",
  "Message-ID",
  "Date",
  "MIME-Version",
  "Content-Type",
];

function headerBlock(raw: Buffer): string {
  const text = raw.toString("latin1");
  return text.slice(0, text.indexOf("\r\n\r\n"));
}

function headerNames(raw: Buffer): string[] {
  const unfolded = headerBlock(raw).replaceAll(/\r\n[ \t]/g, " ");
  return unfolded.split("\r\n").map((line) => line.slice(0, line.indexOf(":")));
}

/** Any text, with what attackers would put into it. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 120 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc
    .array(
      fc.constantFrom(
        "\r\n",
        "\n",
        "Bcc: carla@example.com",
        "\u0000",
        "\u0085",
        "\u2028",
        "\u202E",
        '"',
        "\\",
        ",",
        "<carla@example.com>",
        ";",
        "(",
        ")",
        "=?utf-8?q?=0D=0ABcc:?=",
        "ä",
        "😀",
        " ",
        "a",
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join("")),
);

describe("a composed mail", () => {
  it("is what was asked, read back by another parser", async () => {
    const mail = await simpleParser(await composeMail(parts));
    expect(mail.from?.value).toEqual([parts.from]);
    expect(mail.replyTo?.value).toEqual([parts.replyTo]);
    expect([mail.to].flat().flatMap((list) => list?.value)).toEqual([parts.to]);
    expect(mail.subject).toBe(parts.subject);
    expect(mail.messageId).toBe(parts.messageId);
    expect(mail.date?.getTime()).toBe(parts.date);
    expect(mail.text).toBe(parts.text);
    expect(mail.html).toBe(parts.html);
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.headers.get("x-auto-response-suppress")).toBe("All");
    expect(mail.attachments).toEqual([]);
  });

  it("has the same bytes each time, and others for another recipient", async () => {
    const first = await composeMail(parts);
    expect(await composeMail({ ...parts })).toEqual(first);
    expect(await composeMail({ ...parts, to: { name: "", address: "carla@example.com" } })).not.toEqual(
      first,
    );
  });

  it("has only CRLF line ends and lines that every server takes", async () => {
    const long = "x".repeat(5000);
    const raw = (await composeMail({ ...parts, text: `${long}\nend`, html: long })).toString("latin1");
    expect(raw.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(Math.max(...raw.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  it("never has more header fields or recipients, whatever the texts are", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (subject, name, plain, html) => {
        const asked = {
          ...parts,
          subject: `s${subject}`,
          from: { name: `n${name}`, address: parts.from.address },
          to: { name: `n${name}`, address: parts.to.address },
          text: `t${plain}`,
          html: `h${html}`,
        };
        const composed = await composeMail(asked).catch((error: unknown) => error);
        if (hasControl(subject) || hasControl(name)) {
          expect(composed).toBeInstanceOf(HeaderFieldError);
          return;
        }
        if (!Buffer.isBuffer(composed)) throw composed;
        expect(headerNames(composed)).toEqual(fields);
        const mail = await simpleParser(composed);
        const recipients = [mail.to, mail.cc, mail.bcc].flat().flatMap((list) => list?.value ?? []);
        expect(recipients.map((one) => one.address)).toEqual([parts.to.address]);
        expect(mail.from?.value.map((one) => one.address)).toEqual([parts.from.address]);
        expect(headerBlock(composed)).not.toMatch(/[^\x20-\x7E\r\n\t]/);
      }),
      { numRuns: 300 },
    );
  });

  it("gives back names and subjects as they were, without what turns writing around", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 60 })
      .filter((value) => !hasControl(value) && !/\s|=\?/.test(value));
    await fc.assert(
      fc.asyncProperty(name, async (value) => {
        const raw = await composeMail({
          ...parts,
          subject: value,
          replyTo: { ...parts.replyTo, name: value },
        });
        const mail = await simpleParser(raw);
        expect(mail.subject).toBe(withoutBidi(value));
        expect(mail.replyTo?.value).toEqual([{ name: withoutBidi(value), address: parts.replyTo.address }]);
      }),
      { numRuns: 200 },
    );
  });

  it("writes an international domain as A-label", async () => {
    const raw = await composeMail({ ...parts, to: { name: "", address: "bob@bücher.example" } });
    expect(headerBlock(raw)).toContain("To: bob@xn--bcher-kva.example");
  });
});

describe("what is refused", () => {
  it.each([
    ["a subject of two lines", { subject: "a\r\nBcc: carla@example.com" }],
    ["a name with a line separator", { from: { name: "a\u2028b", address: "share@example.org" } }],
    ["a name with a C1 control", { from: { name: "a\u0085b", address: "share@example.org" } }],
    ["two addresses in one", { to: { name: "", address: "bob@example.net,carla@example.com" } }],
    ["an address with a comment", { to: { name: "", address: "bob(x)@example.net" } }],
    ["a quoted local part", { to: { name: "", address: '"bob@example.net"@example.com' } }],
    [
      "an address with a line break",
      { to: { name: "", address: "bob@example.net\r\nBcc: carla@example.com" } },
    ],
    ["a Message-ID that is none", { messageId: "<a b@example.org>" }],
    ["a Message-ID of two lines", { messageId: "<a@example.org>\r\nBcc: <carla@example.com>" }],
    ["an endless subject", { subject: "x".repeat(501) }],
  ])("%s", async (_, change) => {
    await expect(composeMail({ ...parts, ...change })).rejects.toThrow(HeaderFieldError);
  });
});
