import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHeaderFields } from "../../src/domain/header-fields.ts";
import { limits } from "../../src/domain/limits.ts";

describe("header fields", () => {
  test("are unfolded and trimmed, in the order of the mail, and end at the empty line", () => {
    const { fields } = parseHeaderFields("A: one\r\nB:\r\n two\r\n\tthree \r\nA:four\r\n\r\nC: body\r\n");
    expect(fields).toEqual([
      { name: "a", value: "one" },
      { name: "b", value: "two\tthree" },
      { name: "a", value: "four" },
    ]);
  });

  test("may end in LF alone, and the last may have no line end", () => {
    expect(parseHeaderFields("A: one\nB: two").fields.map(({ value }) => value)).toEqual(["one", "two"]);
  });

  test("count with white space before the colon, so that a second From cannot hide there", () => {
    expect(parseHeaderFields("From: a\nFrom : b\nFROM\t: c\n").fields.map(({ name }) => name)).toEqual([
      "from",
      "from",
      "from",
    ]);
  });

  test("leave out lines that are no field, and what is folded below them", () => {
    const text = "From alice Thu Oct 1\n folded\nA: one\nno field\n folded\n: nameless\nB: two\n";
    expect(parseHeaderFields(text).fields).toEqual([
      { name: "a", value: "one" },
      { name: "b", value: "two" },
    ]);
  });

  test("say when there are more than are looked at", () => {
    const many = parseHeaderFields("A: b\n".repeat(limits.headerFields + 1));
    expect([many.fields.length, many.isCut]).toEqual([limits.headerFields, true]);
    expect(parseHeaderFields("A: b\n".repeat(limits.headerFields)).isCut).toBe(false);
  });

  test("are cut where one is longer than any server lets through", () => {
    const [field] = parseHeaderFields(
      `A: ${"x".repeat(100)}\n${" y".repeat(limits.headerFieldBytes)}\nB: c`,
    ).fields;
    expect(field?.value.length).toBeLessThanOrEqual(limits.headerFieldBytes);
  });

  test("read the same whatever stands in them", () => {
    const line = fc.string({ unit: "binary-ascii" }).map((text) => text.replaceAll(/[\r\n]/g, ""));
    const fields = fc.array(fc.tuple(fc.stringMatching(/^[a-z][a-z-]{0,20}$/), line), { maxLength: 20 });
    fc.assert(
      fc.property(fields, fc.constantFrom("\n", "\r\n"), (given, end) => {
        const text = given.map(([name, value]) => `${name}:${value}${end}`).join("");
        expect(parseHeaderFields(text).fields).toEqual(
          given.map(([name, value]) => ({ name, value: value.trim() })),
        );
      }),
    );
  });
});
