import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { shareMail } from "./share-mail.ts";

const token = "0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";
const link = `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`;
const sharer = { name: "Alice Sender", address: "alice@cloud-a.example" };
const plain = { link, sharer, recipient: "bob@recipient.example", title: "Harbour plans" };

test("a share mail has the fields, texts and shape of OX", async () => {
  const source = shareMail({
    ...plain,
    message: "<b>Look</b>",
    foldLink: true,
    messageId: "<1.2.3@ox1.cloud-a.example>",
  });
  expect(source.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  const mail = await simpleParser(source);
  expect(mail.headers.get("x-open-xchange-share-type")).toBe("share-created");
  expect(mail.headers.get("x-open-xchange-share-url")).toBe(link);
  expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
  expect(mail.messageId).toBe("<1.2.3@ox1.cloud-a.example>");
  expect(mail.subject).toBe('Alice Sender has shared the folder "Harbour plans" with you.');
  expect(mail.from?.value).toEqual([{ name: "Alice Sender", address: "alice@cloud-a.example" }]);
  expect(mail.text).toContain(`<${link}>`);
  expect(mail.html).toContain(`<p id="view_items"><a href="${link}"`);
  expect(mail.html).toContain("&lt;b&gt;Look&lt;/b&gt;");
});

test("names and titles of other languages survive, whatever their length", async () => {
  const title = "Schichten Süd „Hafenkräne, Lotsen und Öltanks“ ".repeat(4).trim();
  const mail = await simpleParser(
    shareMail({ ...plain, title, sharer: { ...sharer, name: "Alice Sänder, Häfen" } }),
  );
  expect(mail.subject).toBe(`Alice Sänder, Häfen has shared the folder "${title}" with you.`);
  expect(mail.from?.value[0]?.name).toBe("Alice Sänder, Häfen");
});

test("an anonymous link brings its password and date", async () => {
  const mail = await simpleParser(
    shareMail({
      ...plain,
      type: "link-created",
      kind: "image",
      password: "mu7<Taklo",
      expires: "30 Nov 2026",
    }),
  );
  expect(mail.headers.get("x-open-xchange-share-type")).toBe("link-created");
  expect(mail.html).toContain('<p id="use_password">Use this password:<br>mu7&lt;Taklo</p>');
  expect(mail.html).toContain('<p id="will_expire">');
});

test("a mail about a new password has the link without its path, and the one to confirm", async () => {
  const bare = `https://share.cloud-a.example/ajax/share/${token}`;
  const mail = await simpleParser(shareMail({ ...plain, link: bare, type: "confirm-pwreset" }));
  expect(mail.headers.get("x-open-xchange-share-url")).toBe(bare);
  expect(mail.headers.get("x-open-xchange-share-reset-pw-url")).toMatch(
    `https://share.cloud-a.example/ajax/share/reset/password?share=${token}&confirm=`.slice(0, 48),
  );
});

test("what a receiving server found stands on top, and an image hangs beside the HTML", async () => {
  const authenticationResults = "mx.recipient.example; dmarc=pass header.from=cloud-a.example";
  const source = shareMail({ ...plain, authenticationResults, footerImage: true, messageId: null });
  expect(source.startsWith(`Authentication-Results: ${authenticationResults}\r\n`)).toBe(true);
  expect(source).not.toContain("Message-ID");
  const mail = await simpleParser(source);
  expect(mail.attachments).toMatchObject([{ contentType: "image/png", related: true }]);
});
