import { describe, expect, test } from "vitest";
import { ocmMailReader } from "../../../src/protocols/ocm/detect.ts";
import { parseInviteCode, parseInviteLink } from "../../../src/protocols/ocm/link.ts";
import { viewWith } from "../../world/mail-view.ts";

const token = "7d3c1b52-9e0f-4a86-8b7e-2f1a5c6d7e80";
const host = "cloud.uni-a.example";
const link = `https://${host}/index.php/apps/contacts/wayf?token=${token}&providerDomain=${host}`;
/** The vector of reference/ocm.md 3.2. */
const encoded = "N2QzYzFiNTItOWUwZi00YTg2LThiN2UtMmYxYTVjNmQ3ZTgwQGNsb3VkLnVuaS1hLmV4YW1wbGU=";
const invite = { origin: `https://${host}`, shareId: token };

function detect(ownLines: readonly string[], hrefs: readonly string[] = []) {
  return ocmMailReader.detect(
    viewWith("", { ownLines, ownLinks: hrefs.map((href) => ({ href, shown: null })) }),
  );
}

describe("an invite link", () => {
  test.each([
    link,
    link.replace(`Domain=${host}`, `Domain=https%3A%2F%2F${host}%2F`),
    link.replace(`https://${host}`, "https://mesh.lists.example"),
    `${link}&lang=en`,
  ])("names token and provider: %s", (text) => {
    expect(parseInviteLink(text)).toEqual({ ...invite, href: text });
  });

  test.each([
    ["the token alone", `https://${host}/wayf?token=${token}`],
    ["a provider over http", link.replace(`Domain=${host}`, `Domain=http://${host}`)],
    ["a provider with a path", link.replace(`Domain=${host}`, `Domain=${host}/x`)],
    ["a provider that is an address", link.replace(`Domain=${host}`, "Domain=192.0.2.1")],
    ["a provider with userinfo", link.replace(`Domain=${host}`, `Domain=me@${host}`)],
    ["a token of odd characters", link.replace(token, "a%20b")],
    ["two tokens", `${link}&token=x`],
    ["http", link.replace("https", "http")],
    ["another address around it", `https://urldefense.com/v3/__${link}__;!!x$`],
    ["another address before it", `https://filter.example/go/${link}`],
  ])("is none with %s", (_, text) => {
    expect(parseInviteLink(text)).toBeNull();
  });
});

describe("an invite code", () => {
  test.each([encoded, encoded.replace("=", ""), `${token}@${host}`])(
    "is read in every alphabet: %s",
    (text) => {
      expect(parseInviteCode(text)).toEqual(invite);
    },
  );

  test("is read in base64url", () => {
    const text = Buffer.from("???>>>~~token@a.example").toString("base64url");
    expect(text).toMatch(/[-_]/);
    expect(parseInviteCode(text)).toBeNull();
    expect(parseInviteCode(Buffer.from("~token~~@a.example").toString("base64url"))?.shareId).toBe(
      "~token~~",
    );
  });

  test.each(["", "@", "x@", "not base64!", "x".repeat(600), Buffer.from("no at sign").toString("base64")])(
    "is none: %s",
    (text) => {
      expect(parseInviteCode(text)).toBeNull();
    },
  );
});

describe("an invitation", () => {
  test("by code is found behind each of the labels", () => {
    for (const lines of [
      [`Token: ${token}`, `ProviderDomain: https://${host}`],
      [`Token: ${token}`, `ProviderDomain: ${host}`],
      [`* Invite code: ${token}@${host}`],
      [`Encoded invite: ${encoded}`],
    ]) {
      expect(detect(lines)).toMatchObject({
        ...invite,
        variant: "code",
        link: null,
        recipientKind: "member",
      });
    }
  });

  test("by link and by code is one by link", () => {
    expect(detect([`Invite code: ${token}@${host}`], [link, link])).toMatchObject({ variant: "link", link });
  });

  test("whose link and code differ is none to act on", () => {
    expect(detect([`Invite code: ${token}@evil.example`], [link])).toEqual({ not: "several-shares" });
    expect(detect([], [link, link.replace("7d3c", "8d3c")])).toEqual({ not: "several-shares" });
  });

  test.each([
    ["a token without a provider", [`Token: ${token}`]],
    ["labels within a sentence", [`Your Token: ${token} for ProviderDomain: ${host}`]],
    ["labels without values", ["Token:", "ProviderDomain:"]],
    ["labels before sentences", ["Invite code: ask me for it"]],
  ])("is none with %s", (_, lines) => {
    expect(detect(lines)).toBeNull();
  });
});
