import { getDomain } from "tldts";
import { afterAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { headerValues } from "../../src/domain/mail.ts";
import { composeMail, type MailParts } from "../../src/mail/compose.ts";
import { createDkimCheck } from "../../src/mail/dkim.ts";
import { createDkimSigner, keyRecordOf } from "../../src/mail/dkim-signer.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { buildEvidence } from "../../src/receiving/evidence.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { makeKey, namesOf } from "../world/signed-mail.ts";

const nowMs = Date.UTC(2026, 10, 21, 12);
const parts: MailParts = {
  from: { name: "Alice via Example", address: "share@example.org" },
  replyTo: { name: "Alice", address: "alice@example.org" },
  to: { name: "", address: "bob@example.net" },
  subject: "Alice shares “Rapport d’été” with you",
  messageId: "<i0123.invitation@example.org>",
  inReplyTo: "<i0122.invitation@example.org>",
  notice: null,
  share: {
    type: "reminder",
    sharingId: "h0123456789",
    link: "https://cloud.example.org/s/0a1B2c3D4e5F6g7",
    title: "Rapport d’été",
    expiresAtMs: nowMs,
  },
  unsubscribe: "https://usher.example.org/invitation/r0123456789.00/mute",
  date: nowMs,
  html: "<p>Grüße   mit Abstand \t </p>\n\n\n",
  text: "Grüße\n\n> eins  \n\n\n",
};

const keys = { rsa: makeKey(), ed25519: makeKey("ed25519") };

function dkimKey(kind: keyof typeof keys) {
  return { domain: "example.org", selector: kind, key: new Secret(keys[kind].privateKey) };
}

const zone = namesOf({
  "rsa._domainkey.example.org": keys.rsa.record,
  "ed25519._domainkey.example.org": keys.ed25519.record,
});
const check = createDkimCheck({ registrableDomain: (host) => getDomain(host), resolve: zone.resolve });
afterAll(async () => check[Symbol.asyncDispose]());

async function signed(change: Partial<MailParts> = {}, kind: keyof typeof keys = "rsa"): Promise<Buffer> {
  return createDkimSigner(() => dkimKey(kind))(await composeMail({ ...parts, ...change }), nowMs);
}

describe("a mail signed with the site's key", () => {
  it.each(["rsa", "ed25519"] as const)("of kind %s passes at the receiver", async (kind) => {
    for (const change of [{}, { text: "", html: "" }, { to: { name: "Åke", address: "åke@example.net" } }]) {
      expect(await check.verify(await signed(change, kind))).toMatchObject({
        result: "pass",
        domain: "example.org",
      });
    }
  });

  it("has no field that the signature does not list, each once more than it stands there", async () => {
    const { headers } = await parseMail(await signed());
    const [field = ""] = headerValues({ headers }, "dkim-signature");
    const listed = (/ h=([^;]*)/.exec(field)?.[1] ?? "").replaceAll(" ", "").split(":");
    const written = headers.map(({ name }) => name).filter((name) => name !== "dkim-signature");
    for (const name of written)
      expect(
        listed.filter((one) => one === name),
        name,
      ).toHaveLength(2);
  });

  it("is the mail as it was with one field on top, of lines that every server takes, and the same each time", async () => {
    const raw = await composeMail(parts);
    const mail = await signed();
    expect(mail.subarray(-raw.length)).toEqual(raw);
    const field = mail.subarray(0, -raw.length).toString("latin1");
    expect(field).toMatch(/^DKIM-Signature: [^\r\n]*\r\n([ ][^\r\n]*\r\n)+$/);
    for (const line of field.split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
    expect(await signed()).toEqual(mail);
  });

  it.each([
    "From: mallory@example.org",
    "Reply-To: mallory@example.org",
    "Subject: another",
    "To: mallory@example.org",
    "Date: Mon, 5 Oct 2026 20:29:32 +0200",
    "Content-Type: text/html",
    "Content-Transfer-Encoding: base64",
    "List-Unsubscribe: <https://evil.example/>",
    "X-Usher-Share-Link: https://evil.example/",
    "X-Usher-Share-Type: revoked",
    "X-Usher-Notice: notice-held",
  ])("passes no longer with a field put on top: %s", async (field) => {
    const mail = Buffer.concat([Buffer.from(`${field}\r\n`), await signed()]);
    expect((await check.verify(mail)).result).not.toBe("pass");
  });

  it("without fields of a sharing passes no longer with such a field put on top", async () => {
    const { share: _, unsubscribe: __, ...plain } = parts;
    const mail = createDkimSigner(() => dkimKey("rsa"))(await composeMail(plain), nowMs);
    expect((await check.verify(mail)).result).toBe("pass");
    const forged = Buffer.concat([Buffer.from("X-Usher-Share-Link: https://evil.example/\r\n"), mail]);
    expect((await check.verify(forged)).result).not.toBe("pass");
  });

  it("passes no longer with another body or another signed field", async () => {
    const mail = (await signed()).toString("latin1");
    for (const change of [
      mail.replace("eins", "zwei"),
      mail.replace("cloud.example.org/s", "cloud.example.com/s"),
      `${mail}more\r\n`,
    ]) {
      expect((await check.verify(Buffer.from(change, "latin1"))).result).not.toBe("pass");
    }
  });

  it("is believed by a receiving Usher for what its fields say, also where its text cannot be read", async () => {
    const raw = await signed({ html: "", text: "See the header." });
    const mail = await parseMail(raw);
    const inspection = inspectMail(mail, mailReaders, { trustedAuthservIds: [] });
    const { notification } = inspection;
    if (notification === null) throw new Error("The fields were not recognised.");
    const evidence = buildEvidence({
      mail,
      inspection: { ...inspection, notification },
      place: { folder: "INBOX", isJunkFolder: false, flags: [] },
      verdict: await check.verify(raw),
      readers: mailReaders,
      known: { hosts: [], origins: [], contact: () => null },
      nowMs,
    });
    expect(evidence.signature).toMatchObject({ result: "pass", because: "signed by the sender's domain" });
    expect(evidence.authentication).toMatchObject({ trusted: true, linkAligned: true });
    const believed = inspectMail(
      {
        ...mail,
        headers: [
          {
            name: "authentication-results",
            value: "mx.example.net; dkim=pass header.d=example.org; dmarc=pass header.from=example.org",
          },
          ...mail.headers,
        ],
      },
      mailReaders,
      { trustedAuthservIds: ["mx.example.net"] },
    );
    expect(believed.authentication.trusted).toBe(true);
  });
});

it("without a key a mail stays as it is", async () => {
  const raw = await composeMail(parts);
  expect(createDkimSigner(() => null)(raw, nowMs)).toEqual(raw);
});

it.each(["rsa", "ed25519"] as const)(
  "the record to publish for a key of kind %s is that of the key",
  (kind) => {
    expect(keyRecordOf(dkimKey(kind))).toEqual({
      name: `${kind}._domainkey.example.org`,
      value: keys[kind].record,
    });
  },
);
