import * as fc from "fast-check";
import { simpleParser } from "mailparser";
import { describe, expect, it } from "vitest";
import { hasControl, withoutBidi } from "../../src/domain/display-text.ts";
import { addressKey } from "../../src/domain/address.ts";
import { headerValues } from "../../src/domain/mail.ts";
import { readShareHeader, type ShareHeader } from "../../src/domain/share-header.ts";
import { parseMail } from "../../src/mail/parse.ts";
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

const share: ShareHeader = {
  type: "invitation",
  sharingId: "h0123456789",
  link: `https://cloud.example.org/s/${"0a1B2c3D4e5F6g7".repeat(20)}`,
  title: "Rapport d’été",
  expiresAtMs: Date.UTC(2026, 11, 24, 18),
};
const unsubscribe = "https://usher.example.org/invitation/r0123456789.0123456789abcdef0123456789abcdef/mute";

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

/** Of a mail about a sharing, to somebody who can say that he wants no more. */
const invitationFields = [
  "Auto-Submitted",
  "X-Auto-Response-Suppress",
  "X-Usher-Share-Version",
  "X-Usher-Share-Type",
  "X-Usher-Share-ID",
  "X-Usher-Share-Link",
  "X-Usher-Share-Title",
  "X-Usher-Share-Expires",
  "List-Unsubscribe",
  "List-Unsubscribe-Post",
  ...fields.slice(2),
];

function headerBlock(raw: Buffer): string {
  const text = raw.toString("latin1");
  return text.slice(0, text.indexOf("\r\n\r\n"));
}

function headerNames(raw: Buffer): string[] {
  const unfolded = headerBlock(raw).replaceAll(/\r\n[ \t]/g, " ");
  return unfolded.split("\r\n").map((line) => line.slice(0, line.indexOf(":")));
}

async function expectOneRecipient(raw: Buffer, to: string): Promise<void> {
  expect(headerNames(raw)).toEqual(invitationFields);
  const mail = await simpleParser(raw);
  const recipients = [mail.to, mail.cc, mail.bcc].flat().flatMap((list) => list?.value ?? []);
  expect(recipients).toHaveLength(1);
  // Read by ourselves: the parser takes a last byte of A0 for white space, which may end a letter of a domain.
  const field =
    /^To:(.*(?:\r\n[ \t].*)*)/m.exec(raw.toString("utf8"))?.[1]?.replaceAll(/\r\n[ \t]/g, "") ?? "";
  expect(addressKey(field.trim().replace(/^.*<(.*)>$/, "$1"))).toBe(addressKey(to));
  expect(mail.from?.value.map((one) => one.address)).toEqual([parts.from.address]);
  expect(mail.replyTo?.value).toHaveLength(1);
  expect(mail.attachments).toEqual([]);
  // The message and its two alternatives, and nothing in them that looks like a further part.
  const text = raw.toString("latin1");
  expect(text.match(/^Content-Type: [^;\r]*/gm)).toEqual([
    "Content-Type: multipart/alternative",
    "Content-Type: text/plain",
    "Content-Type: text/html",
  ]);
  const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? "none";
  expect(text.split(`\r\n--${boundary}`)).toHaveLength(4);
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

  it("never has more header fields, recipients or parts, whatever the texts are", async () => {
    const texts = fc.record({ subject: text, name: text, title: text, plain: text, html: text });
    await fc.assert(
      fc.asyncProperty(texts, async ({ subject, name, title, plain, html }) => {
        const composed = await composeMail({
          ...parts,
          subject: `s${subject}`,
          from: { name: `n${name}`, address: parts.from.address },
          to: { name: `n${name}`, address: parts.to.address },
          replyTo: { name: `n${name}`, address: parts.replyTo.address },
          share: { ...share, title },
          unsubscribe,
          text: `t${plain}`,
          html: `h${html}`,
        }).catch((error: unknown) => error);
        if ([subject, name, title].some(hasControl)) {
          expect(composed).toBeInstanceOf(HeaderFieldError);
          return;
        }
        if (!Buffer.isBuffer(composed)) throw composed;
        await expectOneRecipient(composed, parts.to.address);
        expect(headerBlock(composed)).not.toMatch(/[^\x20-\x7E\r\n\t]/);
      }),
      { numRuns: 300 },
    );
  });

  it("never goes to others, whatever the addresses are, or is refused", async () => {
    const address = fc.oneof(
      text,
      fc.tuple(text, text).map((pair) => pair.join("@")),
      fc.emailAddress(),
    );
    await fc.assert(
      fc.asyncProperty(address, address, fc.oneof(text, fc.webUrl()), async (to, from, url) => {
        const composed = await composeMail({
          ...parts,
          to: { name: "", address: to },
          replyTo: { name: "", address: from },
          share: { ...share, link: url },
          unsubscribe,
        }).catch((error: unknown) => error);
        if (composed instanceof HeaderFieldError) return;
        if (!Buffer.isBuffer(composed)) throw composed;
        await expectOneRecipient(composed, to);
      }),
      { numRuns: 500 },
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

  it("writes addresses that need UTF-8 in UTF-8 (RFC 6532), and nothing else", async () => {
    const raw = await composeMail({
      ...parts,
      to: { name: "Åke", address: "åke@example.net" },
      replyTo: { name: "Ålice", address: "ålice@example.org" },
      share,
    });
    expect(headerNames(raw)).toContain("X-Usher-Share-Title");
    const header = raw.toString("utf8").split("\r\n\r\n")[0] ?? "";
    expect(header.match(/\P{ASCII}+[^\s]*/gu)).toEqual(["åke@example.net>", "ålice@example.org>"]);
    const mail = await simpleParser(raw);
    expect([mail.to].flat()[0]?.value).toEqual([{ name: "Åke", address: "åke@example.net" }]);
    expect(mail.replyTo?.value).toEqual([{ name: "Ålice", address: "ålice@example.org" }]);
  });
});

describe("the fields for programs", () => {
  it("say which sharing it is, in a form that a receiving Usher reads", async () => {
    const view = await parseMail(await composeMail({ ...parts, share, unsubscribe }));
    expect(readShareHeader(view)).toEqual({ type: "invitation", link: share.link, title: share.title });
    expect(headerValues(view, "x-usher-share-id")).toEqual([share.sharingId]);
    expect(headerValues(view, "x-usher-share-expires")).toEqual(["2026-12-24T18:00:00.000Z"]);
    expect(headerValues(view, "list-unsubscribe")).toEqual([`<${unsubscribe}>`]);
    expect(headerValues(view, "list-unsubscribe-post")).toEqual(["List-Unsubscribe=One-Click"]);
  });

  it("fit into the lines of a mail, however long the link and the title are", async () => {
    const link = `https://cloud.example.org/${"x".repeat(2000)}`;
    const raw = await composeMail({ ...parts, share: { ...share, link, title: "😀".repeat(100) } });
    for (const line of headerBlock(raw).split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
    const read = readShareHeader(await parseMail(raw));
    expect(read).toMatchObject({ link, title: "😀".repeat(100) });
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
    ["a title of two lines", { share: { ...share, title: "a\r\nBcc: carla@example.com" } }],
    ["a link that is not https", { share: { ...share, link: "javascript:alert(1)" } }],
    ["an endless link", { share: { ...share, link: `https://cloud.example.org/${"x".repeat(2048)}` } }],
    ["an unsubscribe address that is none", { unsubscribe: "mailto:list@example.org" }],
    ["a sharing's id of two lines", { share: { ...share, sharingId: "h1\r\nBcc: carla@example.com" } }],
    [
      "a sharer whose address the recipient's mail server may not know how to take",
      { replyTo: { name: "", address: "ålice@example.org" } },
    ],
  ])("%s", async (_, change) => {
    await expect(composeMail({ ...parts, ...change })).rejects.toThrow(HeaderFieldError);
  });
});
