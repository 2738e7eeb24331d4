import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { headerValues } from "../../src/domain/mail.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { processorMs } from "../world/processor-time.ts";
import { bombs } from "./mime-bombs.ts";

async function parse(text: string) {
  return parseMail(Buffer.from(text));
}

const alternative = [
  "From: =?UTF-8?Q?J=C3=BCrgen?= <j@anbieter-c.example>",
  "Reply-To: alice@mailhome.example, Team: carla@mailhome.example;",
  "Subject: =?UTF-8?Q?Sch=C3=B6ne?=\r\n =?UTF-8?Q?_Pl=C3=A4ne?=",
  "Message-ID: <1@anbieter-c.example>",
  "Content-Type: multipart/mixed; boundary=m",
  "",
  "--m",
  "Content-Type: multipart/alternative; boundary=a",
  "",
  "--a",
  "Content-Type: text/plain; charset=iso-8859-1",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "gr=FCn",
  "--a",
  "Content-Type: text/html; charset=UTF-8",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from("<p>grün</p>").toString("base64"),
  "--a--",
  "--m",
  "Content-Type: text/plain",
  "Content-Disposition: attachment; filename=notes.txt",
  "",
  "text of a file",
  "--m",
  "Content-Type: message/rfc822",
  "Content-Disposition: inline",
  "",
  "From: eve@evil.example\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\ntext of an attached mail",
  "--m--",
  "",
].join("\r\n");

describe("a mail", () => {
  test("is shown decoded, with its own texts alone", async () => {
    expect(await parse(alternative)).toMatchObject({
      from: [{ name: "Jürgen", address: "j@anbieter-c.example" }],
      replyTo: [
        { name: "", address: "alice@mailhome.example" },
        { name: "", address: "carla@mailhome.example" },
      ],
      subject: "Schöne Pläne",
      messageId: "<1@anbieter-c.example>",
      texts: [
        { type: "plain", text: "grün" },
        { type: "html", text: "<p>grün</p>" },
      ],
      deliveryStatus: null,
      returnedHeaders: [],
      problems: [],
    });
  });

  test("may be cut off anywhere", async () => {
    for (let bytes = 0; bytes < alternative.length; bytes += 7) {
      const mail = await parse(alternative.slice(0, bytes));
      expect(mail.problems).toEqual([]);
    }
  });

  test("has as many From addresses as stand in all of its From fields", async () => {
    const mail = await parse("From: alice@a.example\nFrom : bob@b.example, carla@c.example\n\nx");
    expect(mail.from.map(({ address }) => address)).toEqual([
      "alice@a.example",
      "bob@b.example",
      "carla@c.example",
    ]);
  });

  test("keeps the domain of an address as it is written", async () => {
    const mail = await parse("From: Alice <alice@xn--mller-kva.example>\nReply-To: bob@müller.example\n\nx");
    expect(mail.from[0]?.address).toBe("alice@xn--mller-kva.example");
    expect(mail.replyTo[0]?.address).toBe("bob@müller.example");
  });

  test("is never parsed for its body where only the head is asked for", async () => {
    const mail = await parseMail(Buffer.from(alternative), { headersOnly: true });
    expect(mail).toMatchObject({ subject: "Schöne Pläne", texts: [], problems: [] });
    expect(mail.from).toHaveLength(1);
  });

  test("has no Message-ID where it has none that can be read", async () => {
    expect((await parse("From: a@b.example\n\nx")).messageId).toBeNull();
    expect((await parse("Message-ID: nothing here\n\nx")).messageId).toBeNull();
    expect((await parse("Message-ID: (c) <1@a.example> junk\n\nx")).messageId).toBe("<1@a.example>");
  });
});

function report(returned: string): string {
  return [
    "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n",
    "--r\n\nSorry.",
    "--r\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;x@y.example",
    `--r\nContent-Type: ${returned}\n\nMessage-ID: <own@site.example>\nSubject: own\n\nown text`,
    "--r--\n",
  ].join("\n");
}

describe("a delivery report", () => {
  test.each(["text/rfc822-headers", "message/rfc822", "message/rfc822\nContent-Disposition: inline"])(
    "gives its status and what it returns as %s, and no text of the returned mail",
    async (type) => {
      const mail = await parse(report(type));
      expect(mail.deliveryStatus).toContain("Final-Recipient: rfc822;x@y.example");
      expect(headerValues({ headers: mail.returnedHeaders }, "message-id")).toEqual(["<own@site.example>"]);
      expect(mail.texts).toEqual([{ type: "plain", text: "Sorry." }]);
    },
  );

  test("is not read out of an ordinary mail", async () => {
    const mail = await parse(report("message/rfc822").replace("multipart/report", "multipart/mixed"));
    expect(mail).toMatchObject({ deliveryStatus: null, returnedHeaders: [] });
  });
});

describe("a mail made to hurt", () => {
  test.each(Object.entries(bombs))("%s is bounded", async (_, make) => {
    const bytes = Buffer.from(make());
    const mail = await parseMail(bytes);
    const again = async () => expect(await parseMail(bytes)).toEqual(mail);
    expect(await processorMs(again)).toBeLessThan(limits.parseTimeMs);
    expect(mail.headers.length).toBeLessThanOrEqual(limits.headerFields);
    expect(mail.replyTo.length).toBeLessThanOrEqual(limits.addressesPerMail);
    for (const { text } of mail.texts) expect(text.length).toBeLessThanOrEqual(limits.textPartChars);
  });

  test("with 5000 parts still shows its first ones, and says so", async () => {
    const mail = await parse(bombs["5000 parts"]?.() ?? "");
    expect(mail.texts[0]?.text).toMatch(/^x/);
    expect(mail.problems).toEqual(["body: could not be read whole, only its first parts were"]);
  });

  test("is none, whatever it says, when header fields may be missing", async () => {
    const share =
      "X-Open-Xchange-Share-URL: https://a.example/ajax/share/0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db\n";
    const mail = await parse(`${share}${"X-A: b\n".repeat(limits.headerFields)}${share}\nx`);
    const scope = { trustedAuthservIds: [] };
    expect(inspectMail(mail, mailReaders, scope)).toMatchObject({
      verdict: "none",
      because: "header-block-too-large",
    });
  });
});

describe("no bytes make the reader throw", () => {
  const scope = { trustedAuthservIds: ["mx.recipient.example"], forAddresses: ["bob@recipient.example"] };

  test("neither any", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        inspectMail(await parseMail(Buffer.from(bytes)), mailReaders, scope);
      }),
      { numRuns: 200 },
    );
  });

  const folder = sharedFolder("samples/mail");
  const samples = folder === undefined ? [] : filesBelow(folder, (name) => name.endsWith(".eml"));

  test.skipIf(folder === undefined)("nor those of share mails with changes", async () => {
    const mails = samples.map((path) => ({ name: basename(path), bytes: readFileSync(path) }));
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat({ max: 40 }),
      put: fc.uint8Array({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...mails),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        async ({ bytes }, changes) => {
          let changed = bytes;
          for (const { at, cut, put } of changes) {
            const start = Math.floor(at * changed.length);
            changed = Buffer.concat([changed.subarray(0, start), put, changed.subarray(start + cut)]);
          }
          const mail = await parseMail(changed);
          const { notification } = inspectMail(mail, mailReaders, scope);
          const protocol = notification?.protocol ?? "ox";
          const readers = mailReaders.filter(({ name }) => name === protocol);
          // The look at the text that comes before reading must not lose what reading finds.
          if (protocol === "ox") return;
          const mayAnnounce = (text: string): boolean => readers.some((reader) => reader.mayAnnounce(text));
          expect(mail.texts.some(({ text }) => mayAnnounce(text))).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });
});
