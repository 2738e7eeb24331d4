import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressKey, type AddressRules, isSameAddress } from "../../src/domain/address.ts";

const strict: AddressRules = { localPart: "as-given", subaddress: null };
const relaxed: AddressRules = { localPart: "ignore-case", subaddress: "+" };

test("the domain is compared without case and as A-label, the local part as given", () => {
  expect(isSameAddress("alice@Example.ORG", "alice@example.org", strict)).toBe(true);
  expect(isSameAddress("alice@bücher.example", "alice@xn--bcher-kva.example", strict)).toBe(true);
  expect(isSameAddress("Alice@example.org", "alice@example.org", strict)).toBe(false);
  expect(isSameAddress("alice+files@example.org", "alice@example.org", strict)).toBe(false);
});

test("a site that ignores case and knows sub-addresses sees one person", () => {
  expect(isSameAddress("Alice+Files@example.org", "alice@example.org", relaxed)).toBe(true);
  expect(isSameAddress("alice+a@example.org", "alice+b@example.org", relaxed)).toBe(true);
  expect(isSameAddress("alice-a@example.org", "alice@example.org", { ...relaxed, subaddress: "-" })).toBe(
    true,
  );
});

test("sub-addresses never make two people one", () => {
  expect(isSameAddress("+alice@example.org", "+bob@example.org", relaxed)).toBe(false);
  expect(isSameAddress("alice+x@example.org", "alicex@example.org", relaxed)).toBe(false);
  expect(isSameAddress("alice@example.org", "alice@evilexample.org", relaxed)).toBe(false);
});

test("what is no address is the same as nothing, not even as itself", () => {
  for (const text of ["", "alice", "@example.org", "a b@example.org", "alice@", "alice@exa mple.org"]) {
    expect(isSameAddress(text, text, relaxed)).toBe(false);
  }
});

test("any address is itself and comparing has no direction", () => {
  const rules = fc.constantFrom(strict, relaxed);
  fc.assert(
    fc.property(fc.emailAddress(), fc.emailAddress(), rules, (a, b, by) => {
      expect(isSameAddress(a, b, by)).toBe(isSameAddress(b, a, by));
      expect(isSameAddress(a, a, by)).toBe(addressKey(a) !== null);
    }),
  );
});
