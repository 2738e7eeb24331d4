import { expect, it } from "vitest";
import { ownerState } from "../../src/domain/cozy-status.ts";

// Reference/cozy.md 8.1.
it.each([
  ["v2", "new asked accepted refused error revoked", "mail-not-sent pending accepted refused error revoked"],
  [
    "v1a",
    "mail-not-sent unregistered pending accepted refused error revoked",
    "mail-not-sent unregistered pending accepted refused error revoked",
  ],
  ["v1b", "mail-not-sent pending accepted revoked", "mail-not-sent pending accepted revoked"],
  ["v3", "mail-not-sent pending seen ready revoked", "mail-not-sent pending pending accepted revoked"],
  ["v3", "accepted constructor", "error error"],
] as const)("the words of %s, %s, are for the owner %s", (generation, words, states) => {
  expect(words.split(" ").map((word) => ownerState(generation, word))).toEqual(states.split(" "));
});
