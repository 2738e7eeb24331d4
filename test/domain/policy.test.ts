import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, isWithinDomain, type PolicyFacts, type Rule } from "../../src/domain/policy.ts";

const facts: PolicyFacts = {
  protocol: "ox",
  originHost: "share.cloud-a.example",
  senderDomain: "mail.cloud-a.example",
  account: "bob",
};

function rule(conditions: Partial<Rule>): Rule {
  return {
    protocol: null,
    originHost: null,
    senderDomain: null,
    account: null,
    then: "accept",
    ...conditions,
  };
}

describe("a policy", () => {
  test("holds what no rule mentions, and says so", () => {
    expect(decide([], facts)).toMatchObject({ action: "hold", rule: null, considered: [] });
  });

  test("lets the first rule decide that matches, and says why the ones before did not", () => {
    const decision = decide(
      [
        rule({ originHost: "other.example", then: "refuse" }),
        rule({ senderDomain: "cloud-a.example", account: "bob", then: "accept" }),
        rule({ then: "ignore" }),
      ],
      facts,
    );
    expect(decision).toMatchObject({ action: "accept", rule: 2 });
    expect(decision.considered).toEqual([
      { rule: 1, matched: false, why: "origin is share.cloud-a.example, not other.example" },
      { rule: 2, matched: true, why: "all conditions hold" },
    ]);
  });

  test("never matches a sender domain when the sender is not authenticated", () => {
    const decision = decide([rule({ senderDomain: "cloud-a.example" })], { ...facts, senderDomain: null });
    expect(decision.action).toBe("hold");
    expect(decision.considered[0]?.why).toContain("not authenticated");
  });

  test.each([
    [{ protocol: "cozy" as const }, "protocol is ox"],
    [{ account: "carla" }, "account is bob"],
    [{ senderDomain: "example" }, null],
    [{ senderDomain: "loud-a.example" }, "not within loud-a.example"],
  ])("tries every condition: %o", (conditions, miss) => {
    const [considered] = decide([rule(conditions)], facts).considered;
    expect(considered?.matched).toBe(miss === null);
    if (miss !== null) expect(considered?.why).toContain(miss);
  });
});

describe("a domain rule", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);

  test("covers the domain and everything below it", () => {
    fc.assert(
      fc.property(label, label, (sub, domain) => {
        expect(isWithinDomain(`${domain}.example`, `${domain}.example`)).toBe(true);
        expect(isWithinDomain(`${sub}.${domain}.example`, `${domain}.example`)).toBe(true);
      }),
    );
  });

  test("never covers a domain that only ends in the same letters", () => {
    fc.assert(
      fc.property(label, label, (prefix, domain) => {
        expect(isWithinDomain(`${prefix}${domain}.example`, `${domain}.example`)).toBe(false);
      }),
    );
  });
});
