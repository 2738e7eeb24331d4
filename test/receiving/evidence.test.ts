import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { getDomain } from "tldts";
import { afterAll, describe, expect, test } from "vitest";
import { conditionsOf, type Evidence, isBelieved } from "../../src/domain/evidence.ts";
import type { MailPlace } from "../../src/domain/junk.ts";
import { createDkimCheck } from "../../src/mail/dkim.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { buildEvidence, needsSignature } from "../../src/receiving/evidence.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { makeKey, namesOf, oxMail, signed } from "../world/signed-mail.ts";

const id = "mx.recipient.example";
const key = makeKey();
const names = namesOf({
  "s1._domainkey.cloud-a.example": key.record,
  "s1._domainkey.evil.test": key.record,
  "s1._domainkey.xn--cloud--a-4fg.example": key.record,
});
const check = createDkimCheck({
  registrableDomain: (host) => getDomain(host, { allowPrivateDomains: true }),
  resolve: names.resolve,
});
afterAll(async () => check[Symbol.asyncDispose]());

interface Circumstances {
  readonly place?: Partial<MailPlace>;
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly contacts?: Readonly<Record<string, boolean>>;
}

/** What the daemon makes of one mail, by the path that it takes. */
async function evidenceOf(raw: string, about: Circumstances = {}): Promise<Evidence> {
  const mail = await parseMail(Buffer.from(raw));
  const inspection = inspectMail(mail, mailReaders, {
    trustedAuthservIds: [id],
    forAddresses: ["bob@recipient.example"],
  });
  const { notification } = inspection;
  if (notification === null) throw new Error(`The mail announces no share: ${inspection.because}`);
  return buildEvidence({
    mail,
    inspection: { ...inspection, notification },
    place: { folder: "INBOX", isJunkFolder: false, flags: [], ...about.place },
    verdict: needsSignature(inspection) ? await check.verify(Buffer.from(raw)) : null,
    readers: mailReaders,
    known: {
      hosts: about.hosts ?? [],
      origins: about.origins ?? [],
      contact: (address) => {
        const isTrusted = about.contacts?.[address];
        return isTrusted === undefined ? null : { isTrusted };
      },
    },
    nowMs: Date.parse("2026-10-05T20:00:00Z"),
  });
}

function results(domain: string): string {
  return `Authentication-Results: ${id};\r\n dkim=pass header.d=${domain}; dmarc=pass header.from=${domain}\r\n`;
}

const ownReceived = `Received: from x (x [192.0.2.1]) by ${id} with ESMTPS id 1\r\n`;
const foreign = "Received: from y by relay.elsewhere.example with ESMTP id 3\r\n";
const said = results("cloud-a.example") + ownReceived + oxMail;
const url = /X-Open-Xchange-Share-URL: .*\r\n/;

describe("a mail is believed", () => {
  test("by the word of the receiving server, whose word makes looking at the signature needless", async () => {
    const asked = names.asked.length;
    const evidence = await evidenceOf(await signed(said, { key }));
    expect(isBelieved(evidence)).toBe(true);
    expect(evidence).toMatchObject({ authentication: { by: "authentication-results" }, signature: null });
    expect(conditionsOf(evidence)).toEqual(["authenticated", "link-aligned", "not-junk", "no-signals"]);
    expect(names.asked.length).toBe(asked);
  });

  test("by its own signature over all that decides", async () => {
    const evidence = await evidenceOf(foreign + (await signed(oxMail, { key })));
    expect(isBelieved(evidence)).toBe(true);
    expect(evidence.authentication).toMatchObject({
      by: "dkim-signature",
      dkim: "pass",
      dmarc: null,
      trusted: true,
    });
    expect(evidence.signature).toMatchObject({ result: "pass", domain: "cloud-a.example" });
  });

  test("with its hosts in both forms", async () => {
    const mail = said.replaceAll("cloud-a.example", "xn--bcher-kva.example");
    const evidence = await evidenceOf(mail);
    expect(evidence.origin).toEqual({
      ascii: "share.xn--bcher-kva.example",
      unicode: "share.bücher.example",
      marks: ["punycode"],
    });
    expect(evidence.sender?.unicode).toBe("bücher.example");
    expect(isBelieved(evidence)).toBe(true);
  });

  test("for another origin than the sender's own only where that is known", async () => {
    const elsewhere = said.replace("//share.cloud-a", "//share.hoster");
    expect(isBelieved(await evidenceOf(elsewhere))).toBe(false);
    const origins = ["share.hoster.example"];
    expect(isBelieved(await evidenceOf(elsewhere, { origins }))).toBe(true);
    expect(
      isBelieved(await evidenceOf(elsewhere.replace("hoster.example", "hoster.example:8443"), { origins })),
    ).toBe(false);
  });

  test("as a contact's only where it is authenticated for him", async () => {
    const contacts = { "alice@cloud-a.example": true };
    expect(await evidenceOf(said, { contacts })).toMatchObject({
      isKnownContact: true,
      isTrustedSender: true,
    });
    expect(await evidenceOf(said, { contacts: { "alice@cloud-a.example": false } })).toMatchObject({
      isKnownContact: true,
      isTrustedSender: false,
    });
    expect(await evidenceOf(oxMail, { contacts })).toMatchObject({
      isKnownContact: false,
      isTrustedSender: false,
    });
    const server = said.replace("alice@cloud-a", "noreply@cloud-a");
    const elsewhere = server.replace("To:", "Reply-To: alice@mailhome.example\r\nTo:");
    expect(await evidenceOf(elsewhere, { contacts: { "alice@mailhome.example": true } })).toMatchObject({
      authentication: { trusted: true },
      isKnownContact: false,
    });
  });
});

/** Every kind of forgery: each must be held and shown. */
describe("a forged mail is never believed", () => {
  const host = (name: string) => said.replaceAll("cloud-a.example", name);

  test.each<[string, string]>([
    ["without any proof", oxMail],
    ["with another From than the one authenticated", said.replace("alice@cloud-a", "alice@cloud-b")],
    ["with our server's word below a foreign Received line", foreign + said],
    ["with our server's word below our own and a foreign line", ownReceived + foreign + said],
    ["with another server's word", said.replace(id, "mx.other.example")],
    ["with two From fields", said.replace("From:", "From: bob@cloud-a.example\r\nFrom:")],
    ["with two From fields, one strangely written", said.replace("To:", "From : bob@cloud-a.example\r\nTo:")],
    [
      "with two addresses in From",
      said.replace("<alice@cloud-a.example>", "<alice@cloud-a.example>, b@cloud-a.example"),
    ],
    [
      "with a group in From",
      said.replace("Alice Sender <alice@cloud-a.example>", "x: alice@cloud-a.example;"),
    ],
    ["with a comment in From", said.replace("alice@cloud-a.example>", "alice@cloud-a.example(.evil.test)>")],
    [
      "with an encoded address in From",
      said.replace("Alice Sender <alice@cloud-a.example>", "=?utf-8?q?alice=40cloud-a.example?="),
    ],
    ["with another address as name", said.replace("Alice Sender <", '"bob@recipient.example" <')],
    ["from a look-alike of a known host", host("goog1e.example")],
    ["from a misspelt known host", host("gooogle.example")],
    ["from a known host inside another", host("google.example.evil.test")],
    ["from a host in two scripts", host("xn--ggle-55da.example")],
    ["from a host in a script that looks plain", host("xn--80ak6aa92e.test")],
    ["with only its link at a look-alike", said.replace("//share.cloud-a", "//share.goog1e")],
    ["that pretends to come from tomorrow", said.replace("5 Oct 2026", "7 Oct 2026")],
  ])("%s", async (_, mail) => {
    const evidence = await evidenceOf(mail, { hosts: ["google.example", "recipient.example"] });
    expect(isBelieved(evidence)).toBe(false);
  });

  const kind = "X-Open-Xchange-Share-Type";
  const link = "X-Open-Xchange-Share-URL";
  const rest = ["From", "Subject", "Content-Type", "Content-Transfer-Encoding"];
  const changed = "signature";

  test.each<[string, string, () => Promise<string>]>([
    [
      "over another link",
      changed,
      async () => (await signed(oxMail, { key })).replace("//share.cloud-a", "//share.evil"),
    ],
    ["that does not cover the link", link, async () => signed(oxMail, { key, fields: [...rest, kind] })],
    ["that does not cover the kind", kind, async () => signed(oxMail, { key, fields: [...rest, link] })],
    [
      "below a link that was put in later",
      link,
      async () => (url.exec(oxMail)?.[0] ?? "") + (await signed(oxMail.replace(url, ""), { key })),
    ],
    ["below a second kind", kind, async () => `${kind}: link-created\r\n${await signed(oxMail, { key })}`],
    [
      "below a Reply-To that was put in later",
      "reply-to",
      async () => `Reply-To: eve@cloud-a.example\r\n${await signed(oxMail, { key })}`,
    ],
    [
      "that leaves open how the body is read",
      "content-type",
      async () => signed(oxMail, { key, fields: ["From", link, kind] }),
    ],
    [
      "of another domain",
      "not signed by the sender",
      async () => signed(oxMail, { key, domain: "evil.test" }),
    ],
    [
      "over another body, below our server's forged word",
      "body hash",
      async () =>
        foreign + results("cloud-a.example") + (await signed(oxMail, { key })).replace("Have", "Had"),
    ],
  ])("with a signature %s", async (_, why, forged) => {
    const evidence = await evidenceOf(await forged());
    expect(evidence.authentication.trusted).toBe(false);
    expect(evidence.signature?.because).toContain(why.toLowerCase());
    expect(isBelieved(evidence)).toBe(false);
    expect(conditionsOf(evidence)).not.toContain("authenticated");
  });

  test("with a good signature, where our own server said fail", async () => {
    const fail = results("cloud-a.example").replaceAll("pass", "fail");
    const evidence = await evidenceOf(fail + (await signed(oxMail, { key })));
    expect(evidence).toMatchObject({ authentication: { trusted: false, dmarc: "fail" }, signature: null });
  });
});

describe("a mail in Junk is not believed", () => {
  test.each<[string, Partial<MailPlace>]>([
    ["by its folder", { isJunkFolder: true }],
    ["by its keyword", { flags: ["\\Seen", "$Phishing"] }],
  ])("%s", async (_, place) => {
    const evidence = await evidenceOf(said, { place });
    expect(evidence).toMatchObject({ isJunk: true, authentication: { trusted: true } });
    expect(isBelieved(evidence)).toBe(false);
    expect(conditionsOf(evidence)).not.toContain("not-junk");
  });
});

const folder = sharedFolder("samples/mail");
const samples = folder === undefined ? [] : filesBelow(folder, (name) => name.endsWith(".eml"));

describe.skipIf(folder === undefined)("genuine mails of the sharing products show no signs of deceit", () => {
  for (const path of samples) {
    const name = basename(path, ".eml");
    if (/^(none|auto|delivery)-/.test(name)) continue;
    test(name, async () => {
      const evidence = await evidenceOf(readFileSync(path, "latin1"), {
        hosts: ["recipient.example", "cloud-a.example", "homecloud.example", "uni-a.example"],
      });
      expect(evidence.signals.filter((signal) => signal !== "date-in-future")).toEqual([]);
      for (const host of [evidence.origin, evidence.link, evidence.sender])
        expect(host?.marks ?? []).toEqual([]);
    });
  }
});
