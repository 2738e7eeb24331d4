import { domainToASCII, domainToUnicode } from "node:url";
import * as fc from "fast-check";
import { getDomain } from "tldts";
import { describe, expect, test } from "vitest";
import { shapeOf } from "../../src/domain/confusables.ts";
import { looksAlike, mixesScripts, viewHost } from "../../src/domain/hosts.ts";

const rules = {
  registrableDomain: (host: string): string | null => getDomain(host, { allowPrivateDomains: true }),
  toUnicode: domainToUnicode,
};
const known = [
  "google.example",
  "microsoft.example",
  "cloud-a.example",
  "apple.test",
  "alice.github.io",
  "bücher.example",
];

function marksOf(host: string): readonly string[] | undefined {
  return viewHost(host, { ...rules, known })?.marks;
}

describe("a host", () => {
  test("is shown in both forms", () => {
    expect(viewHost("Bücher.Example", { ...rules, known: [] })).toEqual({
      ascii: "xn--bcher-kva.example",
      unicode: "bücher.example",
      marks: ["punycode"],
    });
    expect(viewHost("Share.Cloud-A.example.", { ...rules, known })).toEqual({
      ascii: "share.cloud-a.example",
      unicode: "share.cloud-a.example",
      marks: [],
    });
  });

  test.each(["", " ", "a b", "a:b:c"])("is none where it is written %j", (text) => {
    expect(viewHost(text, { ...rules, known })).toBeNull();
  });

  test("that is an address has no marks", () => {
    expect(marksOf("192.0.2.1")).toEqual([]);
    expect(marksOf("[2001:db8::1]")).toEqual([]);
  });
});

test("a host whose code cannot be undone is shown as it is", () => {
  expect(viewHost("xn--a.example", { ...rules, known })).toEqual({
    ascii: "xn--a.example",
    unicode: "xn--a.example",
    marks: ["punycode"],
  });
});

describe("a look-alike is marked", () => {
  test.each([
    "goog1e.example",
    "g00gle.example",
    "rnicrosoft.example",
    "gooogle.example",
    "gogle.example",
    "googel.example",
    "goog-le.example",
    "goog1e.test",
    "login.goog1e.example",
    "clöud-a.example",
    "clcud-a.example",
    "google.example.evil.test",
    "www.cloud-a.example.evil.test",
    "buecher.example.evil.test.bücher.example.evil.test",
    "bucher.example",
    "alìce.github.io",
  ])("%s", (host) => {
    expect(marksOf(host)).toContain("look-alike");
  });

  test("also in a script whose letters all look plain", () => {
    expect(marksOf("аррӏе.test")).toEqual(["punycode", "look-alike"]);
    expect(viewHost("сосо.example", { ...rules, known: [] })?.marks).toEqual(["punycode", "look-alike"]);
  });

  test("and the mixing of scripts beside it", () => {
    expect(marksOf("gооgle.example")).toEqual(["punycode", "mixed-script", "look-alike"]);
  });
});

describe("no look-alike is", () => {
  test.each([
    "google.example",
    "share.google.example",
    "bücher.example",
    "alice.github.io",
    "carla.github.io",
    "cloud-b.example",
    "cloud-a.test",
    "cloud-1.example",
    "unrelated.example",
    "apply-here.test",
    "köb.example",
    "пример.рф",
    "сосо.рф",
    "example.com",
  ])("%s", (host) => {
    expect(marksOf(host)).not.toContain("look-alike");
  });

  test("a known host that resembles another known one", () => {
    const twins = { ...rules, known: ["google.example", "goog1e.example"] };
    expect(viewHost("goog1e.example", twins)?.marks).toEqual([]);
  });
});

describe("scripts in one label", () => {
  test.each([
    "cloud",
    "müller",
    "россия",
    "東京タワーabc",
    "한국abc",
    "台灣ㄅabc",
    "ελλάδα",
    "café-1",
    "ひらがな1",
  ])("may stand together in %s", (label) => expect(mixesScripts(label)).toBe(false));
  test.each(["gооgle", "αbc", "россiя", "한ひ", "עaב", "東京д", "ߊa"])("may not in %s", (label) =>
    expect(mixesScripts(label)).toBe(true),
  );
});

describe("whatever is written", () => {
  const letters = fc.constantFrom(...Array.from("abcdeglmnorvw01-оасеіαοłøœ京ü"));
  const label = fc.oneof(
    fc.string({ unit: letters, minLength: 1, maxLength: 12 }),
    fc.string({ unit: "grapheme" }),
  );
  const domain = label.map((text) => domainToASCII(`${text}.example`)).filter((text) => text !== "");

  test("the shape of a shape is itself", () => {
    fc.assert(
      fc.property(label, (text) => {
        expect(shapeOf(shapeOf(text))).toBe(shapeOf(text));
      }),
    );
  });

  test("looking alike is mutual, and nobody looks like himself", () => {
    fc.assert(
      fc.property(domain, domain, (a, b) => {
        expect(looksAlike(a, b, rules)).toBe(looksAlike(b, a, rules));
        expect(looksAlike(a, a, rules)).toBe(false);
      }),
    );
  });

  test("one letter more, less or other looks alike, except in a series", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[bdfghkpqst]{6,12}$/), fc.nat(5), (name, at) => {
        const less = name.slice(0, at) + name.slice(at + 1);
        const other = `${name.slice(0, at)}z${name.slice(at + 1)}`;
        for (const typo of [less, other])
          expect(looksAlike(`${name}.example`, `${typo}.example`, rules)).toBe(true);
        expect(looksAlike(`${name}-a.example`, `${name}-b.example`, rules)).toBe(false);
        expect(looksAlike(`${name}1.example`, `${name}23.example`, rules)).toBe(false);
      }),
    );
  });

  test("no text makes a view throw, and a known host is never marked as look-alike", () => {
    fc.assert(
      fc.property(fc.oneof(domain, fc.string({ unit: "binary" })), fc.array(domain), (text, hosts) => {
        viewHost(text, { ...rules, known: [...hosts, text] });
        for (const host of hosts)
          expect(viewHost(host, { ...rules, known: hosts })?.marks ?? []).not.toContain("look-alike");
      }),
    );
  });
});
