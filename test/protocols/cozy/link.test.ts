import { describe, expect, test } from "vitest";
import { instanceOfAppHost, isAppHostOf, parseCozyLink } from "../../../src/protocols/cozy/link.ts";

const id = "91d600cd3832c94a9b538c9541472e1a";
const state = "DJH-rTrN4o_kNygImc3Kuw";
const discovery = `https://alice.cozy.example/sharings/${id}/discovery`;
const shortcut = `https://bob.cozy.example/auth/authorize/sharing?sharing_id=${id}&state=${state}`;
const preview = "https://alice-drive.cozy.example/preview?sharecode=";
const jwt = `e30.${Buffer.from('{"aud":"share","iss":"alice.cozy.example"}').toString("base64url")}.c2ln`;

describe("links of today's cozy-stack", () => {
  test.each([
    ["discovery", `${discovery}?state=${state}`, "https://alice.cozy.example", id],
    ["discovery", `${discovery}?state=${state}&shortcut=true`, "https://alice.cozy.example", id],
    ["discovery", `${discovery}?sharecode=yzBxdiRqXM7e`, "https://alice.cozy.example", id],
    ["shortcut", shortcut, null, id],
    ["preview", `${preview}yzBxdiRqXM7e`, null, "yzBxdiRqXM7e"],
    ["preview", `${preview}yzBxdiRqXM7e.`, null, "yzBxdiRqXM7e"],
    ["preview", `${preview}${jwt}`, null, jwt],
  ])("are %s: %s", (variant, link, origin, shareId) => {
    expect(parseCozyLink(link)).toMatchObject({ variant, origin, href: link, shareId });
  });

  test.each([
    ["a JWT at the place of the generation before", `${discovery}?sharecode=${jwt}`],
    ["state and code together", `${discovery}?state=${state}&sharecode=yzBxdiRqXM7e`],
    ["a state of another length", `${discovery}?state=${state}A`],
    ["no state", discovery],
    ["a path behind another", `https://filter.example/v3/__${discovery}?state=${state}`],
    [
      "a rewritten path",
      `https://filter.example/https:/alice.cozy.example/sharings/${id}/discovery?state=${state}`,
    ],
    ["an encoded path", `https://filter.example/https%3A%2F%2Fa.example/preview?sharecode=yzBxdiRqXM7e`],
    ["a shortcut with more", `${shortcut}&x=1`],
    ["a code of another length", `${preview}yzBxdiRqXM7`],
    ["a code among other keys", `${preview}yzBxdiRqXM7e&utm=1`],
    ["two codes", `${preview}yzBxdiRqXM7e&sharecode=yzBxdiRqXM7f`],
    ["a code in the fragment", "https://a.example/#/preview?sharecode=yzBxdiRqXM7e"],
    ["a password", `https://me@a.example/preview?sharecode=yzBxdiRqXM7e`],
    ["http", `${preview}yzBxdiRqXM7e`.replace("https", "http")],
    ["a link too long", `${preview}${"a".repeat(3000)}`],
  ])("are not those with %s", (_, link) => {
    expect(parseCozyLink(link)).toBeNull();
  });
});

describe("the host of an app", () => {
  test.each([
    ["drive.alice.example", "alice.example", true],
    ["alice-drive.cozy.example", "alice.cozy.example", true],
    ["alice-drive.cozy.example:8443", "alice.cozy.example:8443", true],
    ["alice.example", "alice.example", true],
    ["alice-drive.cozy.example", "cozy.example", true],
    ["alicedrive.cozy.example", "alice.cozy.example", false],
    ["alice-drive.evil.example", "alice.cozy.example", false],
    ["alice-drive.cozy.example:8443", "alice.cozy.example", false],
    ["drive.evil.example", "alice.example", false],
  ])("%s is one of %s: %s", (host, instance, expected) => {
    expect(isAppHostOf(host, instance)).toBe(expected);
  });

  test.each([
    ["alice-drive.cozy.example", "alice.cozy.example"],
    ["anne-marie-drive.cozy.example", "anne-marie.cozy.example"],
    ["drive.alice.example:8443", "alice.example:8443"],
    ["alice.example", null],
    ["-drive.example", null],
    ["localhost", null],
  ])("%s tells the Cozy %s", (host, instance) => {
    expect(instanceOfAppHost(host)).toBe(instance);
  });
});
