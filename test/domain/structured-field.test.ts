import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePairs, parseStructuredField } from "../../src/domain/structured-field.ts";

function texts(value: string): readonly (readonly string[])[] | null {
  return parseStructuredField(value)?.map((tokens) => tokens.map(({ text }) => text)) ?? null;
}

describe("structured header fields", () => {
  test("fall into words, equals signs and quoted strings, without comments", () => {
    expect(texts('a (x (y \\) ; ) z) b; c="d; \\" (e)" ;f=g')).toEqual([
      ["a", "b"],
      ["c", "=", 'd; " (e)'],
      ["f", "=", "g"],
    ]);
  });

  test.each(['"open', "(open", "(a (b)", "a)", "a\u0000b", "a\rb", '"a\nb"', '"ends in escape\\'])(
    "are refused where nobody can tell what they mean: %j",
    (value) => {
      expect(parseStructuredField(value)).toBeNull();
    },
  );

  test("give pairs whose values may hold further equals signs", () => {
    const [tokens] =
      parseStructuredField('SPF=pass smtp.mailfrom=bounce+a=b@c.example reason = "x y" last=') ?? [];
    expect(parsePairs(tokens ?? [])).toEqual([
      { key: "spf", value: "pass" },
      { key: "smtp.mailfrom", value: "bounce+a=b@c.example" },
      { key: "reason", value: "x y" },
      { key: "last", value: "" },
    ]);
  });

  test.each(["pass", "a=b c", "= b", '"a"=b'])("give no pairs for %j", (value) => {
    expect(parsePairs(parseStructuredField(value)?.[0] ?? [])).toBeNull();
  });

  test("never throw, and quoting keeps any printable text", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const segments = parseStructuredField(value);
        for (const tokens of segments ?? []) parsePairs(tokens);
        const printable = value.replaceAll(/\p{Cc}/gu, "");
        const quoted = `"${printable.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`;
        expect(texts(quoted)).toEqual([[printable]]);
      }),
    );
  });
});
