import * as fc from "fast-check";
import { expect, test } from "vitest";
import { didYouMean } from "../../src/config/did-you-mean.ts";

const known = ["host", "port", "pollEvery", "lookBack", "trustedAuthservIds"];

test.each([
  ["prot", "port"],
  ["hsot", "host"],
  ["poll-every", "pollEvery"],
  ["PollEvry", "pollEvery"],
  ["trustedAuthServId", "trustedAuthservIds"],
  ["certificate", null],
  ["x", null],
])("%s probably means %s", (word, meant) => {
  expect(didYouMean(word, known)).toBe(meant);
});

test("a known word means itself, and nothing is made up", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.string(), (words, word) => {
      const meant = didYouMean(word, words);
      expect(meant === null || words.includes(meant)).toBe(true);
    }),
  );
  for (const word of known) expect(didYouMean(word, known)).toBe(word);
});
