import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OxLink, parseOxLink } from "../../../src/protocols/ox/link.ts";

const token = "0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";

describe("a share link", () => {
  test.each<[string, Partial<OxLink>]>([
    [
      `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`,
      {
        origin: "https://share.cloud-a.example",
        apiBase: "https://share.cloud-a.example/ajax/",
        token,
        guest: { contextId: 7, userId: 31 },
        targetPath: "/1/8/Mzk",
      },
    ],
    [
      `https://A.example:8443/appsuite/api/share/${token}`,
      {
        origin: "https://a.example:8443",
        apiBase: "https://a.example:8443/appsuite/api/",
        target: null,
        targetPath: "",
      },
    ],
    [`https://a.example/ajax/share/${token}/`, { target: null }],
    [
      `HTTPS://a.example/share/${token.toUpperCase()}/1/8/Mzk`,
      {
        token,
        apiBase: "https://a.example/",
        href: `https://a.example/share/${token.toUpperCase()}/1/8/Mzk`,
      },
    ],
    [`https://a.example/myshare/share/${token}`, { apiBase: "https://a.example/myshare/" }],
    [`https://a.example/share/share/${token}`, { apiBase: "https://a.example/share/" }],
    [`https://a.example/ajax/share/${token}/0a1b2c3d`, { target: null, targetPath: "/0a1b2c3d" }],
    [`https://a.example/ajax/share/${"f".repeat(48)}/1/8/Mzk`, { guest: null }],
    [`https://müller.example/ajax/share/${token}`, { origin: "https://xn--mller-kva.example" }],
    [`https://192.168.0.1/ajax/share/${token}`, { origin: "https://192.168.0.1" }],
    [`https://[::1]/ajax/share/${token}`, { origin: "https://[::1]" }],
  ])("%s is read", (text, expected) => {
    expect(parseOxLink(text)).toMatchObject(expected);
  });

  test.each([
    [`http://127.0.0.1/ajax/share/${token}`, "share-url-not-https"],
    [`ftp://a.example/ajax/share/${token}`, "share-url-not-https"],
    [`https:a.example/ajax/share/${token}`, "share-url-not-https"],
    [`https:///a.example/ajax/share/${token}`, "share-url-not-https"],
    [`//a.example/ajax/share/${token}`, "share-url-not-https"],
    [`/ajax/share/${token}`, "share-url-not-https"],
    ["", "share-url-unreadable"],
    [`https://alice@a.example/ajax/share/${token}`, "share-url-with-userinfo"],
    [`https://@a.example/ajax/share/${token}`, "share-url-with-userinfo"],
    [`https://a.example/ajax/share/${token}?x=1`, "share-url-with-query"],
    [`https://a.example/ajax/share/${token}?`, "share-url-with-query"],
    [`https://a.example/ajax/share/${token}#`, "share-url-with-fragment"],
    [`https://a.example/appsuite/#!&app=x&folder=39`, "share-url-with-fragment"],
    [`https://a.example\\ajax\\share\\${token}`, "share-url-unreadable"],
    [`https://a.example/ajax/share/${token} https://b.example/`, "share-url-unreadable"],
    [`https://a.example/ajax/share/\t${token}`, "share-url-unreadable"],
    [`https://a.example:99999/ajax/share/${token}`, "share-url-unreadable"],
    [`https://a b.example/ajax/share/${token}`, "share-url-unreadable"],
    [`https://a.example/ajax/share/${token}0`, "share-url-without-share-path"],
    [`https://a.example/ajax/share/${token.slice(1)}`, "share-url-without-share-path"],
    [`https://a.example/ajax/share/${token}/1//8`, "share-url-without-share-path"],
    [`https://a.example/ajaxshare/${token}`, "share-url-without-share-path"],
    [`https://a.example/${"x/".repeat(2000)}share/${token}`, "share-url-too-long"],
  ])("%s is refused", (text, not) => {
    expect(parseOxLink(text)).toEqual({ not });
  });

  test("never throws, and what is read is https with a token", () => {
    const piece = fc.constantFrom(
      "https://",
      "http://",
      "a.example",
      "/",
      "share/",
      token,
      "?",
      "#",
      "@",
      "\\",
      ":",
      "..",
      "1/8/Mzk",
      "%2f",
      " ",
      "\u00AD",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join("")),
        ),
        (text) => {
          const link = parseOxLink(text);
          if ("not" in link) return;
          expect(new URL(link.href)).toMatchObject({
            protocol: "https:",
            username: "",
            password: "",
            search: "",
            hash: "",
          });
          expect(link.token).toMatch(/^[0-9a-f]{48}$/);
        },
      ),
    );
  });
});
