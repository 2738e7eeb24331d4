import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorkplace, type Workplace } from "./workplace.ts";
import { makeKey } from "../world/signed-mail.ts";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(async () => place[Symbol.asyncDispose]());

function yaml(keys: string, from = "share@example.org"): string {
  return `key: {file: usher.key}\nsmtp: {host: localhost, from: {address: "${from}"}, ${keys}}\n`;
}

function signing(file: string): string {
  return yaml(`dkim: {domain: Example.ORG, selector: mail2026, key: {file: ${file}}}`);
}

async function problem(text: string): Promise<readonly [string, string, string]> {
  const [first, ...others] = await place.problems(text);
  if (first === undefined || others.length > 0) throw new Error(JSON.stringify([first, ...others]));
  return [first.path, first.message, first.remedy];
}

describe("where mail comes from and reports go to", () => {
  test("nothing but failures comes back to the sender, and the mail server signs, unless the configuration says so", async () => {
    expect(await place.load(yaml(""))).toMatchObject({
      ok: true,
      config: { smtp: { bounces: null, deliveryReports: "failures", dkim: null } },
    });
  });

  test("addresses are written with their domain as A-label", async () => {
    const loaded = await place.load(
      yaml("bounces: Bounces@BÜCHER.example, deliveryReports: all", "Share@bücher.example"),
    );
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        smtp: {
          from: { address: "Share@xn--bcher-kva.example" },
          bounces: "Bounces@xn--bcher-kva.example",
          deliveryReports: "all",
        },
      },
    });
  });

  test.each([
    ["bounces: b@c@example.org", "smtp.bounces", "not a mail address."],
    ["bounces: åke@example.org", "smtp.bounces", "an address that many mail servers refuse."],
    ["bounces: a-mailbox-for-bounces@example.org", "smtp.bounces", "too long."],
    ["deliveryReports: none", "smtp.deliveryReports", "not one of the known words."],
  ])("%s is refused, with a way out", async (keys, path, message) => {
    const found = await problem(yaml(keys));
    expect(found.slice(0, 2)).toEqual([path, message]);
    expect(found[2]).toMatch(/^Write /);
  });

  test("a sender whose address only some mail servers can take is refused", async () => {
    expect((await problem(yaml("", "ålice@example.org")))[0]).toBe("smtp.from.address");
  });
});

describe("a key to sign with", () => {
  test.each(["rsa", "ed25519"] as const)("of kind %s is read, and does not print", async (kind) => {
    const { privateKey } = makeKey(kind);
    await place.write("dkim.pem", privateKey);
    const loaded = await place.load(signing("dkim.pem"));
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [],
      config: { smtp: { dkim: { domain: "example.org", selector: "mail2026" } } },
    });
    expect(loaded.ok && loaded.config.smtp?.dkim?.key.reveal().trim()).toBe(privateKey.trim());
    expect(JSON.stringify(loaded)).not.toContain("PRIVATE");
  });

  test.each([
    ["too short", makeKey("rsa", 1024).privateKey],
    ["of another kind", generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" })],
    ["no key", "hunter2"],
  ])("that is %s is refused without being shown", async (_, text) => {
    await place.write("dkim.pem", String(text));
    const [path, message, remedy] = await problem(signing("dkim.pem"));
    expect([path, message]).toEqual(["smtp.dkim.key", "not a private key for DKIM."]);
    expect(remedy).toContain("openssl genpkey");
    expect(message + remedy).not.toContain(String(text).slice(0, 40));
  });

  test.each([
    ["selector: 'a b'", "smtp.dkim.selector"],
    ["selector: 's; d=evil.example'", "smtp.dkim.selector"],
    ["domain: 'a b'", "smtp.dkim.domain"],
  ])("under %s is refused", async (change, path) => {
    await place.write("dkim.pem", makeKey("ed25519").privateKey);
    const [name = ""] = change.split(":");
    const text = signing("dkim.pem").replace(new RegExp(`${name}: [^,]*`), change);
    expect((await problem(text))[0]).toBe(path);
  });

  test("of another organisation than the sender's is warned about", async () => {
    await place.write("dkim.pem", makeKey("ed25519").privateKey);
    for (const [from, isFine] of [
      ["share@cloud.example.org", true],
      ["share@example.net", false],
      ["share@notexample.org", false],
    ] as const) {
      const loaded = await place.load(signing("dkim.pem").replace("share@example.org", from));
      expect(loaded.ok && loaded.warnings.map(({ path }) => path)).toEqual(
        isFine ? [] : ["smtp.dkim.domain"],
      );
    }
  });
});
