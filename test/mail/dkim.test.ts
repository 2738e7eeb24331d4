import { getDomain } from "tldts";
import { afterAll, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { createDkimCheck, DkimError } from "../../src/mail/dkim.ts";
import type { ResolveTxt } from "../../src/mail/key-records.ts";
import { makeKey, namesOf, oxMail, signed, type Signing } from "../world/signed-mail.ts";

const key = makeKey();
const other = makeKey("ed25519");
const weak = makeKey("rsa", 768);
const zone = {
  "s1._domainkey.cloud-a.example": key.record,
  "s1._domainkey.mail.cloud-a.example": key.record,
  "ed._domainkey.cloud-a.example": other.record,
  "weak._domainkey.cloud-a.example": weak.record,
  "revoked._domainkey.cloud-a.example": "v=DKIM1; p=",
  "s1._domainkey.evil.example": key.record,
};
const registrableDomain = (host: string): string | null => getDomain(host, { allowPrivateDomains: true });

const names = namesOf(zone);
const check = createDkimCheck({ registrableDomain, resolve: names.resolve });
afterAll(async () => check[Symbol.asyncDispose]());

describe("a signature of the sender's domain", () => {
  test.each<[string, Signing]>([
    ["with an RSA key", { key }],
    ["with an Ed25519 key", { key: other, selector: "ed" }],
    ["of a domain below the sender's", { key, domain: "mail.cloud-a.example" }],
  ])("passes %s", async (_, signing) => {
    const verdict = await check.verify(Buffer.from(await signed(oxMail, signing)));
    expect(verdict).toMatchObject({ result: "pass", domain: signing.domain ?? "cloud-a.example" });
    expect(verdict.signedFields).toContainEqual({
      name: "from",
      value: "Alice Sender <alice@cloud-a.example>",
    });
  });

  test("passes with line feeds, folded fields and words of other letters", async () => {
    const mail = oxMail.replace("Alice Sender shared", "Ålice\r\n Sender shared");
    const verdict = await check.verify(Buffer.from((await signed(mail, { key })).replaceAll("\r\n", "\n")));
    expect(verdict.result).toBe("pass");
    expect(verdict.signedFields).toContainEqual(
      expect.objectContaining({ value: expect.stringMatching(/^Ålice/) }),
    );
  });

  test("passes beside a signature of somebody else, who is never asked for", async () => {
    const asked = names.asked.length;
    const both = await signed(await signed(oxMail, { key }), { key, domain: "evil.example" });
    expect(await check.verify(Buffer.from(both))).toMatchObject({
      result: "pass",
      domain: "cloud-a.example",
    });
    expect(names.asked.slice(asked)).toEqual(["s1._domainkey.cloud-a.example"]);
  });

  test.each<[string, Signing, (mail: string) => string]>([
    ["the body was changed", { key }, (mail) => mail.replace("Have a look", "Pay at once")],
    ["a signed field was changed", { key }, (mail) => mail.replace("share.cloud-a", "share.cloud-b")],
    ["something was added to the body", { key }, (mail) => `${mail}More.\r\n`],
    ["it covers only part of the body", { key, bodyLength: 5 }, (mail) => mail],
    ["it covers nothing of the body", { key, bodyLength: 0 }, (mail) => mail],
    ["the key belongs to another selector", { key, selector: "ed" }, (mail) => mail],
    ["the key is too short", { key: weak, selector: "weak" }, (mail) => mail],
    ["the key was revoked", { key, selector: "revoked" }, (mail) => mail],
    ["the key does not exist", { key, selector: "none" }, (mail) => mail],
    ["it has expired", { key, expires: new Date("2020-01-01") }, (mail) => mail],
    ["it does not name From", { key }, (mail) => mail.replace(/(\bh=[^;]*?)\bfrom\b/is, "$1")],
    ["it is of another domain", { key, domain: "evil.example" }, (mail) => mail],
    ["there is a second From field", { key }, (mail) => `From: bob@cloud-a.example\r\n${mail}`],
    ["From is another's", { key }, (mail) => mail.replace("alice@cloud-a", "alice@cloud-b")],
    [
      "the domain hides a comment",
      { key },
      (mail) => mail.replace("d=cloud-a.example", "d=cloud-a.example(.evil.example"),
    ],
    ["a tag comes twice", { key }, (mail) => mail.replace("d=cloud-a", "d=evil.example; d=cloud-a")],
  ])("does not pass where %s", async (_, signing, forge) => {
    const verdict = await check.verify(Buffer.from(forge(await signed(oxMail, signing))));
    expect(verdict.result).not.toBe("pass");
    expect(verdict.because).not.toBe("");
    expect(verdict.signedFields).toEqual([]);
  });

  test("does not pass where another that covers part of the body hides that more was added", async () => {
    const whole = await signed(oxMail, { key });
    const part = await signed(whole, { key, bodyLength: 5 });
    expect((await check.verify(Buffer.from(part))).result).toBe("pass");
    const verdict = await check.verify(Buffer.from(`${part}More.\r\n`));
    expect(verdict).toMatchObject({ result: "neutral", signedFields: [] });
  });

  test("a mail without one asks nobody", async () => {
    const asked = names.asked.length;
    expect(await check.verify(Buffer.from(oxMail))).toMatchObject({ result: "none" });
    expect(await check.verify(Buffer.alloc(0))).toMatchObject({ result: "none" });
    expect(names.asked.length).toBe(asked);
  });

  test("a mail with very many asks for few keys", async () => {
    const asked = names.asked.length;
    const mail = Array.from({ length: 200 }, (_, n) => emptySignature(`x${n}`)).join("") + oxMail;
    expect((await check.verify(Buffer.from(mail))).result).not.toBe("pass");
    expect(names.asked.length - asked).toBe(limits.dkimSignatures);
  });

  test("of a mail larger than the limit is not verified", async () => {
    const mail = await signed(oxMail + "x\r\n".repeat(limits.dkimMailBytes / 3), { key });
    expect(await check.verify(Buffer.from(mail))).toMatchObject({ result: "none" });
  });
});

describe("a name server", () => {
  test.each<[string, string, ResolveTxt]>([
    ["that fails leaves it open", "temperror", failing("ESERVFAIL")],
    ["that is silent leaves it open", "temperror", failing("ETIMEOUT")],
    ["that knows no key decides", "neutral", failing("ENODATA")],
    ["that gives several records decides nothing good", "neutral", async () => [[key.record], [key.record]]],
    [
      "that gives a giant record does neither",
      "neutral",
      async () => [[key.record, " ".repeat(limits.dkimRecordChars)]],
    ],
    ["that gives nonsense does neither", "neutral", async () => [["\0\u{FFFF};p;;=="]]],
  ])("%s", async (_, result, resolve) => {
    await using asking = createDkimCheck({ registrableDomain, resolve });
    expect((await asking.verify(Buffer.from(await signed(oxMail, { key })))).result).toBe(result);
  });
});

describe("the verifying thread", () => {
  test("that is ended by a mail proves nothing", async () => {
    const stopped = "DKIM check stopped after 2 s";
    await using hurried = createDkimCheck({
      registrableDomain,
      resolve: names.resolve,
      thread: { ask: async () => ({ stopped }), [Symbol.asyncDispose]: async () => undefined },
    });
    const verdict = await hurried.verify(Buffer.from(await signed(oxMail, { key })));
    expect(verdict).toMatchObject({ result: "neutral", because: stopped, signedFields: [] });
  });

  test("that is closed says so, and that it is no fault of the mail", async () => {
    const closed = createDkimCheck({ registrableDomain, resolve: names.resolve });
    await closed[Symbol.asyncDispose]();
    const verifying = closed.verify(Buffer.from(await signed(oxMail, { key })));
    await expect(verifying).rejects.toThrow(DkimError);
    await expect(verifying).rejects.toMatchObject({ temporary: true });
  });
});

function emptySignature(selector: string): string {
  return `DKIM-Signature: v=1; a=rsa-sha256; d=cloud-a.example; s=${selector}; h=from; bh=AA==; b=AA==\r\n`;
}

function failing(code: string): ResolveTxt {
  return async () => {
    throw Object.assign(new Error("failed"), { code });
  };
}
