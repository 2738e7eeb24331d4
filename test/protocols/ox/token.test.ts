import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeToken } from "../../../src/protocols/ox/token.ts";
import { guestToken } from "../../world/ox/token.ts";

/** reference/ox.md, section 3.2. */
const vectors: readonly (readonly [string, number, number])[] = [
  ["04b29644047397444b29645473974b7ba433980a88b9aacd", 1, 15],
  ["0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db", 7, 31],
  ["041242b50fae564f41242b9fae564ad4a6e77dfe33cb18d1", 12, 5],
  ["05b8401207e7e8665b840157e7e84aefbb3fd0fc24f3add3", 7, 44],
  ["03b96fc7064fa8693b96fc064fa844a88a132bda60bebf54", 7, 45],
  ["071e76910959234371e7690959234ca0a5841eba3ebb2810", 1, 15],
];

describe("a share token", () => {
  test.each(vectors)("%s names context %i and guest %i, in either case", (token, contextId, userId) => {
    expect(decodeToken(token)).toEqual({ contextId, userId });
    expect(decodeToken(token.toUpperCase())).toEqual({ contextId, userId });
  });

  test("names any two ids under any base", () => {
    const id = fc.integer({ min: 0, max: 0x7fffffff });
    const base = fc.stringMatching(/^[0-9a-f]{32}$/);
    fc.assert(
      fc.property(id, id, base, (contextId, userId, random) => {
        expect(decodeToken(guestToken(contextId, userId, random))).toEqual({ contextId, userId });
      }),
    );
  });

  test.each([
    "0".repeat(47),
    "0".repeat(49),
    `${"0".repeat(47)}g`,
    "",
    `80000000${"0".repeat(40)}`,
    `00000000ffffffff${"0".repeat(32)}`,
  ])("is none when no server can have issued it: %s", (token) => {
    expect(decodeToken(token)).toBeNull();
  });
});
