import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainAddress } from "../../src/domain/from-field.ts";

const alice = "alice@cloud-a.example";

describe("a From field that every reader understands alike", () => {
  test.each([
    alice,
    `<${alice}>`,
    `Alice Sender <${alice}>`,
    `"Sender, Alice <x@y>" <${alice}>`,
    `=?UTF-8?Q?J=C3=BCrgen?= <${alice}>`,
    `Alice<${alice}>`,
    `${alice} (Alice)`,
    `"bob@recipient.example" <${alice}>`,
    `Alice <alice@Cloud-A.Example>`,
  ])("%s", (value) => {
    expect(plainAddress(value)).toBe(alice);
  });
});

describe("a From field that readers may understand differently", () => {
  test.each([
    "",
    "Alice",
    `${alice}, bob@recipient.example`,
    `${alice},`,
    `<${alice}> <bob@recipient.example>`,
    `bob@recipient.example <${alice}>`,
    `<@evil.example:${alice}>`,
    `bob@evil.example:${alice}`,
    `friends: ${alice};`,
    `${alice}(.evil.example)`,
    `alice@cloud-a.example(evil) <bob@recipient.example>`,
    `alice@cloud-a.example@evil.example`,
    `"alice"@cloud-a.example`,
    `alice@[192.0.2.1]`,
    `Alice <${alice}`,
    `Alice ${alice}>`,
    `Alice <> <${alice}>`,
    `"Alice <${alice}>`,
    `Alice\u0000 <${alice}>`,
    `=?utf-8?b?YWxpY2VAY2xvdWQtYS5leGFtcGxl?=`,
    `=?utf-8?q?alice=40cloud-a.example?= <>`,
  ])("%j", (value) => {
    expect(plainAddress(value)).toBeNull();
  });

  test("is never thrown at", () => {
    const pieces = fc.constantFrom(
      "a",
      "@",
      "<",
      ">",
      ",",
      ":",
      ";",
      "(",
      ")",
      '"',
      "\\",
      " ",
      ".",
      alice,
      "\0",
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const address = plainAddress(parts.join(""));
        expect(address === null || /^[^@]+@[^@]+$/.test(address)).toBe(true);
      }),
    );
  });
});
