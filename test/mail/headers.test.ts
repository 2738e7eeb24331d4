import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { readHead, withLineFeeds } from "../../src/mail/headers.ts";

describe("the head of a mail", () => {
  test.each<[string, string, number]>([
    ["CRLF", "A: b\r\n\r\nbody", 8],
    ["LF", "A: b\n\nbody", 6],
    ["mixed line ends", "A: b\n\r\nbody", 7],
    ["no body", "A: b\r\n", 6],
    ["no line end", "A: b", 4],
  ])("ends at the empty line with %s", (_, text, bodyStart) => {
    expect(readHead(Buffer.from(text))).toMatchObject({
      fields: [{ name: "a", value: "b" }],
      bodyStart,
      isCut: false,
    });
  });

  test.each(["", "\n", "\r\n", "\r\nA: b", "\nA: b"])("may be missing: %j", (text) => {
    expect(readHead(Buffer.from(text)).fields).toEqual([]);
  });

  test("shows UTF-8 as it is and other bytes as Latin-1, field by field", () => {
    const bytes = Buffer.concat([Buffer.from("A: Jürgen\n"), Buffer.from("B: Jürgen\n\n", "latin1")]);
    expect(readHead(bytes).fields.map(({ value }) => value)).toEqual(["Jürgen", "Jürgen"]);
  });

  test("is looked at only so far, and says so", () => {
    const huge = Buffer.from(`A: b\nX: ${"x".repeat(limits.headerBlockBytes)}\nC: d\n\nbody`);
    const head = readHead(huge);
    expect(head.isCut).toBe(true);
    expect(head.fields.map(({ name }) => name)).toEqual(["a", "x"]);
    expect(huge.subarray(head.bodyStart).toString()).toBe("body");
  });
});

test("a mail in CR line ends is read, but a bare CR in any other mail ends no line", () => {
  expect(readHead(withLineFeeds(Buffer.from("A: b\rC: d\r\rbody"))).fields).toHaveLength(2);
  expect(readHead(withLineFeeds(Buffer.from("A: b\rC: d\r\n\r\nbody"))).fields).toEqual([
    { name: "a", value: "b\rC: d" },
  ]);
});
