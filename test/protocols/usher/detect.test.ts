import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasControl, withoutBidi } from "../../../src/domain/display-text.ts";
import { oneLine } from "../../../src/domain/one-line.ts";
import { type ShareHeader, shareHeaderFields } from "../../../src/domain/share-header.ts";
import { mailReaders } from "../../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../../src/receiving/inspect.ts";
import { viewWith } from "../../world/mail-view.ts";

const share: ShareHeader = {
  type: "invitation",
  sharingId: "h0123456789",
  link: "https://cloud.example.org/s/0a1B2c3D4e5F6g7",
  title: "Rapport d’été",
  expiresAtMs: Date.UTC(2026, 11, 24, 18),
};
const people = "From: Alice via Example <share@example.org>\nReply-To: Alice <alice@example.org>\n";

function header(change: Partial<ShareHeader> = {}): string {
  return shareHeaderFields({ ...share, ...change })
    .map(({ name, value }) => `${name}: ${value.replaceAll(" ", "\n ")}\n`)
    .join("");
}

function inspect(fields: string, rest = {}) {
  return inspectMail(viewWith(people + fields, rest), mailReaders, {
    trustedAuthservIds: ["mx.example.net"],
  });
}

function signature(fields: string, domain = "example.org"): string {
  return `DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=s1; h=${fields}; bh=x; b=y\n`;
}

const oxLink = `https://share.cloud.example/ajax/share/${"017e6264027bd25a17e62632".repeat(2)}/1/8/NDEwMg`;
const cozyId = "0123456789abcdef0123456789abcdef";

describe("the header fields of a mail by Usher", () => {
  test.each([
    [share.link, "public-link", "s-token", "https://cloud.example.org", "0a1B2c3D4e5F6g7"],
    ["https://files.example.org/x?y=z", "public-link", "usher-invitation", "https://files.example.org", null],
    [oxLink, "ox", "unknown", "https://share.cloud.example", oxLink.split("/")[5]],
    [
      `https://alice.cozy.example/sharings/${cozyId}/discovery?state=abcdefghijklmnopqrstuv`,
      "cozy",
      "discovery",
      "https://alice.cozy.example",
      cozyId,
    ],
    [
      "https://directory.example/wayf?token=0123456789abcdef&providerDomain=cloud.example.org",
      "ocm-invite",
      "link",
      "https://cloud.example.org",
      "0123456789abcdef",
    ],
  ])("announce %s as what its protocol says", (link, protocol, variant, origin, shareId) => {
    expect(inspect(header({ link }))).toMatchObject({
      verdict: "share-notification",
      notification: { protocol, variant, origin, link, shareId, title: share.title },
    });
  });

  test("name the person in Reply-To as the sharer", () => {
    // The parsed addresses come with the view.
    const from = [{ name: "Alice via Example", address: "share@example.org" }];
    const replyTo = [{ name: "Alice", address: "alice@example.org" }];
    expect(inspect(header(), { from, replyTo }).notification?.sharer).toEqual(replyTo[0]);
  });

  test.each(["reminder", "discovery", "invite"] as const)("of a %s announce the same share", (type) => {
    expect(inspect(header({ type })).notification).toEqual(inspect(header()).notification);
  });

  test("of a revocation announce none, and say which share is over", () => {
    const { notification } = inspect(header());
    expect(inspect(header({ type: "revoked" }))).toMatchObject({
      verdict: "none",
      because: "share-revoked",
      notification: null,
      revoked: notification,
    });
  });

  test.each([
    ["another version", header().replace("version: 1", "version: 2")],
    ["another type", header().replace("type: invitation", "type: newsletter")],
    ["no link", header().replace("x-usher-share-link", "x-other")],
    ["no address as link", header().replace("https:", "nothing")],
  ])("with %s are none", (_, fields) => {
    expect(inspect(fields)).toMatchObject({ verdict: "none", because: "no-share-notification" });
  });

  test.each([
    ["repeated", header() + header(), "usher-share-repeated"],
    ["with a link twice", `${header()}X-Usher-Share-Link: ${share.link}\n`, "usher-share-repeated"],
    [
      "that lead elsewhere than to https",
      header({ link: "http://a.example/" }),
      "usher-share-link-unreadable",
    ],
    ["with a script", header({ link: "javascript:alert(1)" }), "usher-share-link-unreadable"],
  ])("%s are refused", (_, fields, because) => {
    expect(inspect(fields)).toMatchObject({ verdict: "none", because, notification: null });
  });

  test("give back every title and link, however lines are folded", () => {
    const text = fc.string({ unit: "binary", maxLength: 200 }).filter((value) => !hasControl(value));
    fc.assert(
      fc.property(text, fc.webPath(), (written, path) => {
        const title = withoutBidi(written);
        const { href } = new URL(`https://cloud.example.org/x${path}`);
        const fields = header({ title, link: href });
        for (const line of fields.split("\n")) expect(line.length).toBeLessThanOrEqual(78);
        expect(fields).toMatch(/^[\x20-\x7E\n]*$/);
        const { notification } = inspect(fields);
        const shown = oneLine(title, 200);
        expect(notification).toMatchObject({ title: shown === "" ? null : shown, link: href });
      }),
      { numRuns: 300 },
    );
  });

  test("of any content make no reader throw", () => {
    const value = fc.string({ unit: "grapheme-ascii", maxLength: 80 });
    fc.assert(
      fc.property(value, value, value, (link, title, type) => {
        inspect(
          `X-Usher-Share-Version: 1\nX-Usher-Share-Type: ${type}\nX-Usher-Share-Title: utf-8''${title}\n` +
            `X-Usher-Share-Link: ${link}\n`,
        );
      }),
    );
  });
});

describe("who is believed with such fields", () => {
  const results =
    "Authentication-Results: mx.example.net; dkim=pass header.d=example.org; dmarc=pass header.from=example.org\n";
  const all = "from:x-usher-share-version:x-usher-share-type:x-usher-share-link";
  const from = [{ name: "Alice via Example", address: "share@example.org" }];

  function isTrusted(fields: string, rest = {}): boolean {
    return inspect(`${results}${fields}`, { from, ...rest }).authentication.trusted;
  }

  test("a sender whose signature covers them", () => {
    expect(isTrusted(signature(all) + header())).toBe(true);
    expect(isTrusted(signature("from", "relay.example") + signature(all) + header())).toBe(true);
  });

  test("one whose own text has the link, signed with the body", () => {
    const ownLinks = [{ href: share.link, shown: null }];
    expect(isTrusted(header(), { ownLinks })).toBe(true);
    expect(isTrusted(signature("from") + header(), { ownLinks })).toBe(true);
  });

  test.each([
    ["to a mail without a signature", ""],
    ["to a signed mail of somebody", signature("from:subject")],
    ["with a signature of their own on top", signature(all) + signature("from:subject")],
    ["with a signature of another domain", signature(all, "evil.example")],
    ["with one that cannot be read", signature(all) + signature(`${all}; h=from`)],
  ])("nobody where they may have been added %s", (_, signatures) => {
    const ownLinks = [{ href: "https://cloud.example.org/s/another00000000", shown: null }];
    expect(isTrusted(signatures + header())).toBe(false);
    expect(isTrusted(signatures + header(), { ownLinks })).toBe(false);
    expect(isTrusted(signatures)).toBe(true);
  });

  test("nobody where the receiving server found no good signature", () => {
    const spf = results.replace("dkim=pass", "dkim=fail");
    expect(inspect(`${spf}${signature(all)}${header()}`, { from }).authentication.trusted).toBe(false);
  });
});
