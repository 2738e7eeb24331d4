import { assert as check, property, string, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { typedCozy } from "./links.ts";
import { newCredentials, xorId } from "./model.ts";
import { quotedPrintable } from "./quoted-printable.ts";

test.each([
  ["S3 ClearAppInURL", "https://john-drive.mycozy.cloud", "https://john.mycozy.cloud"],
  ["S3 ClearAppInURL", "https://john-drive.cozy.rocks/", "https://john.cozy.rocks"],
  ["S3 ClearAppInURL: another host keeps its hyphen", "my-cozy.example.net", "https://my-cozy.example.net"],
  ["path and query go", "https://bob.cozy.example/#/drive?x=y", "https://bob.cozy.example"],
  ["a full stop at the end", "bob.cozy.example.", "https://bob.cozy.example"],
  ["a bare name", "bob", "https://bob.cozy.example"],
  ["PR #1468: the common misspelling", "john.mycosy.cloud", "https://john.mycozy.cloud"],
  ["http stays", "http://bob.cozy.example", "http://bob.cozy.example"],
])("%s: %s", (_, typed, cozy) => {
  expect(typedCozy(typed, "cozy.example")).toBe(cozy);
});

test.each([
  ["bob@mail.example", 412],
  ["", 400],
  ["https://", 400],
])("%j is no address of a Cozy", (typed, status) => {
  expect(() => typedCozy(typed, "cozy.example")).toThrow(expect.objectContaining({ status }));
});

test("an id changes with the key of a member, and back with the same", () => {
  const { xor_key } = newCredentials({ xor_key: [1, 15, 0, 7, 3, 9, 12, 4, 8, 2, 5, 6, 10, 11, 13, 14] });
  check(
    property(stringMatching(/^[0-9a-f]{32}$/), (id) => {
      const changed = xorId(id, xor_key);
      expect(changed).toMatch(/^[0-9a-f]{32}$/);
      expect([changed === id, xorId(changed, xor_key)]).toEqual([false, id]);
    }),
  );
  expect(xorId("0000", [1, 15])).toBe("1f1f");
});

test("quoted-printable keeps any text in lines of 76 characters", () => {
  check(
    property(string({ unit: "grapheme" }), (text) => {
      const line = text.replaceAll(/[\r\n]/g, " ");
      const encoded = quotedPrintable(line);
      expect(encoded).toMatch(/^[\x20-\x7e\r\n\t]*$/);
      for (const each of encoded.split("\r\n")) expect(each.length).toBeLessThanOrEqual(76);
      expect(decoded(encoded)).toBe(line);
    }),
  );
});

function decoded(encoded: string): string {
  const bytes = encoded
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
