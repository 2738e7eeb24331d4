import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressRefusal, isLocalName, isWithin } from "../../src/http/address-rules.ts";
import { passes, refusedRanges, textOf } from "./address-table.ts";

const bitsOf = { 4: 32n, 6: 128n };

/** Any address at all, and those about the borders of the table, where mistakes live. */
function addresses(family: 4 | 6): fc.Arbitrary<bigint> {
  const max = (1n << bitsOf[family]) - 1n;
  const ranges = refusedRanges.filter((each) => each.family === family);
  const border = fc
    .constantFrom(...ranges)
    .chain(({ first, last }) =>
      fc.oneof(fc.constantFrom(first - 1n, first, last, last + 1n), fc.bigInt({ min: first, max: last })),
    );
  const near = border.filter((bits) => bits >= 0n && bits <= max);
  const nat64 = fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((bits) => (0x64_ff9bn << 96n) | bits);
  const global = fc.bigInt({ min: 0x2000n << 112n, max: (0x4000n << 112n) - 1n });
  return fc.oneof(fc.bigInt({ min: 0n, max }), near, ...(family === 6 ? [nat64, global] : []));
}

describe("which addresses may be asked", () => {
  test.each([4, 6] as const)("agrees with the table of refused ranges for IPv%i", (family) => {
    const property = fc.property(addresses(family), (bits) => {
      const text = textOf(family, bits);
      expect([text, addressRefusal(text) === null]).toEqual([text, passes(family, bits)]);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test.each([
    ["93.184.215.14", null],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", null],
    ["64:ff9b::5db8:d70e", null],
    ["127.0.0.1", "address-not-public"],
    ["64:ff9b::7f00:1", "address-not-public"],
    ["::1", "address-not-public"],
    ["::", "address-not-public"],
    ["::ffff:93.184.215.14", "address-not-public"],
    ["::ffff:7f00:1", "address-not-public"],
    ["::7f00:1", "address-not-public"],
    ["::ffff:0:7f00:1", "address-not-public"],
    ["2002:7f00:1::", "address-not-public"],
    ["169.254.169.254", "address-metadata"],
    ["::ffff:a9fe:a9fe", "address-metadata"],
    ["64:ff9b::a9fe:a9fe", "address-metadata"],
    ["2002:a9fe:a9fe::1", "address-metadata"],
    ["100.100.100.200", "address-metadata"],
    ["fd00:ec2::254", "address-metadata"],
    ["fe80::1%eth0", "address-not-public"],
    ["ox.example.com", "address-invalid"],
    ["", "address-invalid"],
    ["0x7f.1", "address-invalid"],
  ])("judges %s as %s", (address, refusal) => {
    expect(addressRefusal(address)).toBe(refusal);
  });

  test("refuses the machine's own public addresses, however they are written", () => {
    const own = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "fe80::1%eth0"];
    expect(addressRefusal("93.184.215.14", own)).toBe("address-own");
    expect(addressRefusal("64:ff9b::5db8:d70e", own)).toBe("address-own");
    expect(addressRefusal("2606:2800:021f:cb07:6820:80da:af6b:8b2c", own)).toBe("address-own");
    expect(addressRefusal("93.184.215.15", own)).toBeNull();
  });

  test("keeps ranges of one family to that family", () => {
    expect(isWithin("10.1.2.3", "10.0.0.0/8")).toBe(true);
    expect(isWithin("11.1.2.3", "10.0.0.0/8")).toBe(false);
    expect(isWithin("::ffff:10.1.2.3", "10.0.0.0/8")).toBe(false);
    expect(isWithin("10.1.2.3", "::/0")).toBe(false);
    expect(isWithin("10.1.2.3", "everything")).toBe(false);
  });
});

describe("which names may be asked", () => {
  test.each([
    ["ox.example.com", false],
    ["localhost.example.com", false],
    ["arpa.example.com", false],
    ["localhost", true],
    ["intranet", true],
    ["bob.localhost", true],
    ["printer.local", true],
    ["metadata.google.internal", true],
    ["router.home.arpa", true],
    ["a..example.com", true],
    ["", true],
  ])("%s is local: %s", (name, isLocal) => {
    expect(isLocalName(name)).toBe(isLocal);
  });
});
