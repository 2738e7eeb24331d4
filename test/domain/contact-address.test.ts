import { expect, test } from "vitest";
import { contactAddress } from "../../src/domain/contact-address.ts";

const from = (address: string, trusted = true) => ({ from: address, trusted });

test.each([
  ["alice@example.org", "alice@example.org", "alice@example.org"],
  ["noreply@example.org", "alice@example.org", "alice@example.org"],
  ["noreply@cloud.example.org", "alice@example.org", "alice@example.org"],
  ["noreply@evil.example", "alice@example.org", null],
  ["noreply@evilexample.org", "alice@example.org", null],
  ["alice@example.org", "", null],
  ["no-reply@example.org", "alice@example.org", "alice@example.org"],
  ["do-not-reply@example.org", "alice@example.org", "alice@example.org"],
  ["sharing-noreply@example.org", "alice@example.org", "alice@example.org"],
  // Another user of the same provider, who can have such an address.
  ["mallory@example.org", "alice@example.org", null],
  ["mallory+noreply@example.org", "alice@example.org", null],
  ["noreply+mallory@example.org", "alice@example.org", null],
  ["mallory.no-reply@example.org", "alice@example.org", null],
  ["noreply-mallory@example.org", "alice@example.org", null],
])("mail of %s vouches for %s: %s", (sender, sharer, expected) => {
  expect(contactAddress(from(sender), sharer)).toBe(expected);
});

test("a mail that nobody has authenticated vouches for nobody", () => {
  expect(contactAddress(from("alice@example.org", false), "alice@example.org")).toBeNull();
});
