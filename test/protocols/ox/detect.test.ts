import { describe, expect, test } from "vitest";
import type { MailView } from "../../../src/domain/mail.ts";
import { oxMailReader } from "../../../src/protocols/ox/detect.ts";
import { viewWith } from "../../world/mail-view.ts";

const token = "0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";
const link = `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`;

function detect(header: string, rest: Partial<MailView> = {}) {
  return oxMailReader.detect(viewWith(header, rest));
}

describe("an OX share mail", () => {
  test("is announced with all that link and sender tell", () => {
    const header = `X-Open-Xchange-Share-Type: share-created\nX-Open-Xchange-Share-URL:\n ${link}\n`;
    expect(detect(header, { subject: 'Alice Sender has shared the folder "Plans" with you.' })).toEqual({
      protocol: "ox",
      variant: "share-created",
      origin: "https://share.cloud-a.example",
      link,
      shareId: token,
      recipientKind: "named-guest",
      module: "files",
      folder: "39",
      item: null,
      sharer: { name: "Alice Sender", address: "alice@cloud-a.example" },
      title: "Plans",
    });
  });

  test.each([
    ["Link-Created", "link-created", "anonymous"],
    ["confirm-pwreset", "confirm-pwreset", "named-guest"],
    ["something-new", "unknown", "unknown"],
    ["__proto__", "unknown", "unknown"],
  ])("of type %s is the variant %s", (type, variant, recipientKind) => {
    const header = `X-Open-Xchange-Share-URL: ${link}\nX-Open-Xchange-Share-Type: ${type}\n`;
    expect(detect(header)).toMatchObject({ variant, recipientKind });
  });

  test("without a type, or with two, leaves open for whom it is", () => {
    const unknown = { variant: "unknown", recipientKind: "unknown", title: null };
    const url = `X-Open-Xchange-Share-URL: ${link}\n`;
    const subject = 'Alice has shared "Plans" with you';
    expect(detect(url, { subject })).toMatchObject(unknown);
    expect(detect(`${url}${"X-Open-Xchange-Share-Type: share-created\n".repeat(2)}`)).toMatchObject(unknown);
  });

  test("for a private host is announced; whether it is ever asked is another question", () => {
    const header = "X-Open-Xchange-Share-URL: https://10.0.0.1/ajax/share/";
    expect(detect(header + token)).toMatchObject({ origin: "https://10.0.0.1" });
  });

  test("must not be acted on with a forged link or a second one, even the same", () => {
    expect(detect(`X-Open-Xchange-Share-URL: ${link.replace("https", "http")}\n`)).toEqual({
      not: "share-url-not-https",
    });
    expect(detect(`X-Open-Xchange-Share-URL: ${link}\n`.repeat(2))).toEqual({ not: "share-url-repeated" });
    expect(detect("X-Open-Xchange-Share-URL:\n")).toEqual({ not: "share-url-unreadable" });
  });

  test("is no other mail, whatever its text says", () => {
    expect(detect("Subject: x\n", { texts: [{ type: "plain", text: link }] })).toBeNull();
  });
});

describe("the title in the subject", () => {
  test.each<[string, string | null]>([
    ['Alice Sender has shared the folder "Plans" with you.', "Plans"],
    ['Alice Sender has shared the folder "My "old" plans" with you.', 'My "old" plans'],
    ['Alice Sender has shared the item "Plans" with the group "Crew".', "Plans"],
    ["Alice Sender hat den Ordner „Pläne“ geteilt", "Pläne"],
    ["Alice Sender a partagé « Plans » avec vous", "Plans"],
    ["Alice Sender »Plans« geteilt", "Plans"],
    ["Alice Sender delade ”Planer” med dig", "Planer"],
    ["Alice Sender has shared 3 items with you.", null],
    ['Alice Sender has shared "', null],
    ['Alice Sender has shared "" with you', null],
  ])("%s", (subject, title) => {
    const header = `X-Open-Xchange-Share-URL: ${link}\nX-Open-Xchange-Share-Type: share-created\n`;
    expect(detect(header, { subject })).toMatchObject({ title });
  });

  test("does not take in quotes of the sharer's own name", () => {
    const header = `X-Open-Xchange-Share-URL: ${link}\nX-Open-Xchange-Share-Type: share-created\n`;
    const from = [{ name: 'Alice "Al" Sender', address: "alice@cloud-a.example" }];
    const subject = 'Alice "Al" Sender has shared the folder "Plans" with you.';
    expect(detect(header, { from, subject })).toMatchObject({ title: "Plans" });
  });
});
