import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  acceptDialogLink,
  inviteForms,
  readPastedInvite,
  readTypedHome,
} from "../../../src/protocols/ocm/given-invite.ts";

const token = "7d3c1b52-9e0f-4a86-8b7e-2f1a5c6d7e80";

describe("the forms of an invitation", () => {
  test("are those of the reference's vector (reference/ocm.md 3.2)", () => {
    const { code, inviteString, link } = inviteForms("https://cloud.uni-a.example", token);
    expect(code).toBe(`${token}@cloud.uni-a.example`);
    expect(inviteString).toBe("N2QzYzFiNTItOWUwZi00YTg2LThiN2UtMmYxYTVjNmQ3ZTgwQGNsb3VkLnVuaS1hLmV4YW1wbGU=");
    expect(link).toBe(
      `https://cloud.uni-a.example/ocm/invite?token=${token}&providerDomain=cloud.uni-a.example`,
    );
  });

  test("are read back in every spelling that servers take", () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.domain(),
        fc.option(fc.integer({ min: 1024, max: 65535 })),
        (uuid, host, port) => {
          const site = `https://${host}${port === null ? "" : `:${port}`}`;
          const { link, code, inviteString } = inviteForms(site, uuid);
          const bare = inviteString.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
          for (const text of [link, code, inviteString, bare, ` ${code}\n`]) {
            expect(readPastedInvite(text)).toMatchObject({ origin: new URL(site).origin, shareId: uuid });
          }
        },
      ),
    );
  });

  test.each([
    "",
    "hello",
    "https://cloud.example/s/abc",
    `http://cloud.example/?token=${token}`,
    "@",
    "a@b@c d",
  ])("are none of %j", (text) => {
    expect(readPastedInvite(text)).toBeNull();
  });

  test("are links of the specification, too, which leave out the provider: it is their host", () => {
    const read = { origin: "https://cloud.example", shareId: token };
    expect(readPastedInvite(`https://cloud.example/wayf?token=${token}`)).toMatchObject(read);
    const odd = `https://cloud.example/wayf?token=${token}&providerDomain=http://other.example`;
    expect(readPastedInvite(odd)).toBeNull();
  });

  test("of anything is read without an error", () => {
    fc.assert(fc.property(fc.string(), (text) => void readPastedInvite(text)));
  });
});

describe("a home as a person types it", () => {
  test.each([
    ["cloud.example.org", "cloud.example.org"],
    [" Cloud.Example.ORG/ ", "cloud.example.org"],
    ["https://cloud.example.org/index.php/apps/files?x=1#y", "cloud.example.org"],
    ["bob@cloud.example.org", "cloud.example.org"],
    ["a@b@cloud.example.org:8443", "cloud.example.org:8443"],
    ["https://cloud.example.org:443", "cloud.example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["localhost", null],
    ["127.0.0.1", null],
    ["[::1]", null],
    ["cloud example", null],
    ["", null],
  ])("%j is %j", (typed, host) => {
    expect(readTypedHome(typed)).toBe(host);
  });

  test("is a host or nothing, whatever was typed", () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const host = readTypedHome(typed);
        if (host !== null) expect(new URL(`https://${host}`).host).toBe(host);
      }),
    );
  });
});

describe("the page of a home where somebody goes on", () => {
  const home = { host: "cloud.example", origin: "https://cloud.example" };
  const invite = { token, provider: "usher.example" };

  test.each([
    ["https://cloud.example/accept", "https://cloud.example/accept?"],
    ["/accept", "https://cloud.example/accept?"],
    ["/accept?lang=de", "https://cloud.example/accept?lang=de&"],
    ["https://cloud.example/?token=evil&providerDomain=evil", "https://cloud.example/?"],
  ])("is %s with the invitation", (dialog, before) => {
    const asked = `${before}token=${token}&providerDomain=usher.example`;
    expect(acceptDialogLink(dialog, home, invite)).toBe(asked);
  });

  test.each([
    null,
    "https://evil.example/accept",
    "//evil.example/accept",
    "http://cloud.example/accept",
    "https://cloud.example:8443/accept",
    "https://user@cloud.example/accept",
    "https://cloud.example@evil.example/",
    "javascript:alert(1)",
    "https://cloud.example.evil.example/",
  ])("is none of %j", (dialog) => {
    expect(acceptDialogLink(dialog, home, invite)).toBeNull();
  });
});
