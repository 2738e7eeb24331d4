import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readShareRedirect } from "../../../src/protocols/ox/redirect.ts";

const link =
  "https://share.cloud-a.example/ajax/share/04b29644047397444b29645473974b7ba433980a88b9aacd/1/8/Mzk";

function redirect(locations: readonly string[], status = 302) {
  return readShareRedirect(link, { status, headers: { location: locations }, text: "", url: link });
}

/** The parameters that a place carries in its fragment. */
function fragmentParameters(location: string): ReadonlyMap<string, string> {
  const read = redirect([location]);
  if (read.kind !== "redirect") throw new Error(`Not a redirect into a share: ${read.because}.`);
  return read.parameters;
}

describe("the redirect behind a share link", () => {
  test("a relative place gives its parameters", () => {
    const read = redirect(["/appsuite/ui#!&session=abc&user=bob@example.org&user_id=31"]);
    expect(read).toMatchObject({ kind: "redirect" });
    expect(read.kind === "redirect" && [...read.parameters]).toEqual([
      ["session", "abc"],
      ["user", "bob@example.org"],
      ["user_id", "31"],
    ]);
  });

  test.each([
    "https://share.cloud-a.example/appsuite/ui#!&session=abc",
    "https://SHARE.cloud-a.example:443/appsuite/ui#!&session=abc",
    "//share.cloud-a.example/ui#!&session=abc",
    "ui#!&session=abc",
  ])("%s stays at the server", (location) => {
    expect(redirect([location])).toMatchObject({ kind: "redirect" });
  });

  test.each([
    "https://mallory.example/appsuite/ui#!&session=abc",
    "http://share.cloud-a.example/appsuite/ui#!&session=abc",
    "https://share.cloud-a.example:8443/appsuite/ui#!&session=abc",
    "//mallory.example/#!&session=abc",
    "\\\\mallory.example/#!&session=abc",
    "https://127.0.0.1/#!&session=abc",
    "https://[::1]/#!&session=abc",
    "https://share.cloud-a.example.mallory.example/#!&session=abc",
    "https://share.cloud-a.example@mallory.example/#!&session=abc",
    "javascript:alert(1)#!&session=abc",
    "https://#!&session=abc",
  ])("%s leads elsewhere", (location) => {
    expect(redirect([location])).toMatchObject({ name: "redirect-elsewhere" });
  });

  test("no place, two places and other answers are no redirect into a share", () => {
    expect(redirect([])).toMatchObject({ name: "not-a-share-redirect" });
    expect(redirect(["/ui#!&session=a", "/ui#!&session=a"])).toMatchObject({ name: "not-a-share-redirect" });
    for (const status of [200, 301, 303, 307, 308]) {
      expect(redirect(["/ui#!&session=a"], status)).toMatchObject({ name: "not-a-share-redirect" });
    }
  });

  test("a server that is overloaded or broken says so instead", () => {
    expect(redirect([], 503)).toMatchObject({ name: "server-busy" });
    expect(redirect([], 500)).toMatchObject({ name: "server-error" });
    expect(redirect([], 404)).toMatchObject({ name: "request-not-accepted" });
  });
});

describe("the parameters in a fragment", () => {
  test("a plus sign is a plus sign, and a percent sign that encodes nothing is one too", () => {
    const parameters = fragmentParameters("/ui#!&user=bob+work@example.org&share=a%2Fb&name=50%&odd=%ZZ");
    expect(parameters.get("user")).toBe("bob+work@example.org");
    expect(parameters.get("share")).toBe("a/b");
    expect(parameters.get("name")).toBe("50%");
    expect(parameters.get("odd")).toBe("%ZZ");
  });

  test("a value keeps its further equals signs, and pairs without a name or value are passed over", () => {
    const parameters = fragmentParameters("/ui#!&&=x&token=a==b=&alone&target=/1/8/Mzk");
    expect([...parameters]).toEqual([
      ["token", "a==b="],
      ["target", "/1/8/Mzk"],
    ]);
  });

  test("a place without #! has none, whatever its query says", () => {
    expect(fragmentParameters("/ui?session=abc#session=abc").size).toBe(0);
  });

  test("encoded values come back as they were, for any text", () => {
    const pair = fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(fc.uniqueArray(pair, { selector: ([name]) => name }), (pairs) => {
        const fragment = pairs.map((each) => `&${each.map(encodeURIComponent).join("=")}`).join("");
        expect([...fragmentParameters(`/ui#!${fragment}`)]).toEqual(pairs);
      }),
      { numRuns: 200 },
    );
  });

  test("no text makes reading fail", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const read = redirect([text]);
        expect(["redirect", "trouble"]).toContain(read.kind);
      }),
      { numRuns: 300 },
    );
  });
});
