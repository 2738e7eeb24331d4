import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, isName, namesBelow, namesIn } from "../../../src/federation/dav/names.ts";

const root = new URL("https://cloud.example/public.php/webdav/");

describe("an href in an answer", () => {
  test("stands for the names below the root of the share, however it is written", () => {
    for (const [href, names] of [
      ["/public.php/webdav/", []],
      ["/public.php/webdav", []],
      ["/public.php/webdav/a", ["a"]],
      ["/public.php/webdav/F%C3%BCr%20sp%c3%a4ter%3F/", ["Für später?"]],
      ["https://cloud.example/public.php/webdav/a/b.txt", ["a", "b.txt"]],
      ["HTTPS://CLOUD.example:443/public%2Ephp/webdav/a", ["a"]],
      ["/public.php/webdav/a%5Cb", ["a\\b"]],
    ] as const) {
      expect(namesBelow(root, href)).toEqual(names);
    }
  });

  test("that lies elsewhere is dropped", () => {
    for (const href of [
      "",
      "a",
      "/",
      "/public.php/webdavs/a",
      "/remote.php/dav/files/ada/secret.txt",
      "//evil.example/public.php/webdav/a",
      "https://evil.example/public.php/webdav/a",
      "https://cloud.example.evil.example/public.php/webdav/a",
      "https://cloud.example:8443/public.php/webdav/a",
      "https://cloud.example@evil.example/public.php/webdav/a",
      "/public.php/webdav/../secret",
      "/public.php/webdav/%2e%2e/secret",
      "/public.php/webdav/a/../../b",
      "/public.php/webdav/a%2Fb",
      "/public.php/webdav//a",
      "/public.php/webdav/a%00b",
      "/public.php/webdav/a%0Ab",
      "/public.php/webdav/%ff",
      "/public.php/webdav/a?b",
      `/public.php/webdav/${"x".repeat(300)}`,
    ]) {
      expect(namesBelow(root, href), href).toBeNull();
    }
  });
});

describe("a path behind a share", () => {
  test("has names, and none that climbs, is empty or hides something", () => {
    expect(namesIn("")).toEqual([]);
    expect(namesIn("Für später?/100%.txt")).toEqual(["Für später?", "100%.txt"]);
    for (const path of ["/", "a/", "/a", "a//b", ".", "..", "a/../b", "a\u0000", "a\nb", "\ud800"]) {
      expect(namesIn(path), JSON.stringify(path)).toBeNull();
    }
    expect(namesIn("a/".repeat(60) + "a")).toBeNull();
    expect(namesIn("x".repeat(4000))).toBeNull();
  });

  test("is found again under the address that is made of it, and under no other", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter(isName);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), (names) => {
        const address = addressOf(root, names);
        expect(new URL(address).href.startsWith(root.href)).toBe(true);
        expect(namesBelow(root, address)).toEqual(names);
        expect(namesBelow(root, new URL(address).pathname)).toEqual(names);
      }),
    );
  });

  test("lies below an address of a share that has no slash at its end", () => {
    const share = new URL("https://cloud.example/dav/ocm/7f2c");
    expect(addressOf(share, [])).toBe("https://cloud.example/dav/ocm/7f2c");
    expect(addressOf(share, ["a b"])).toBe("https://cloud.example/dav/ocm/7f2c/a%20b");
    expect(namesBelow(share, "/dav/ocm/7f2c/a%20b")).toEqual(["a b"]);
    expect(namesBelow(share, "/dav/ocm/7f2cc")).toBeNull();
  });
});
