import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Action,
  decide,
  impliesAuthentication,
  isWithinDomain,
  type Policy,
  type PolicyFacts,
  type Rule,
} from "../../src/domain/policy.ts";

const facts: PolicyFacts = {
  protocol: "ox",
  variant: "share-created",
  originHost: "share.cloud-a.example",
  senderDomain: "mail.cloud-a.example",
  account: "bob",
  contact: "known",
  module: "files",
  recipientKind: "named-guest",
  evidence: ["authenticated", "not-junk"],
  doubts: [],
};

function rule(conditions: Partial<Rule>): Rule {
  return {
    protocol: null,
    variant: null,
    originHost: null,
    senderDomain: null,
    account: null,
    contact: null,
    module: null,
    recipientKind: null,
    evidence: null,
    // oxlint-disable-next-line unicorn/no-thenable -- a rule's own word
    then: "accept",
    notify: null,
    ...conditions,
  };
}

function site(...rules: readonly Rule[]): Policy {
  return { account: [], site: rules, notify: false };
}

describe("a policy", () => {
  test("holds what no rule mentions, and says so", () => {
    expect(decide(site(), facts)).toMatchObject({
      action: "hold",
      rule: null,
      considered: [],
      notify: false,
    });
  });

  test("lets the first rule decide that matches, and says why the ones before did not", () => {
    const decision = decide(
      site(
        rule({ originHost: "other.example", then: "refuse" }),
        rule({ senderDomain: "cloud-a.example", account: "bob" }),
        rule({ then: "ignore" }),
      ),
      facts,
    );
    expect(decision).toMatchObject({ action: "accept", rule: { of: "site", rule: 2 }, restrained: null });
    expect(decision.considered).toEqual([
      { of: "site", rule: 1, matched: false, why: "origin is share.cloud-a.example, not other.example" },
      { of: "site", rule: 2, matched: true, why: "all conditions hold" },
    ]);
  });

  test("asks the account's rules before the site's", () => {
    const policy = {
      ...site(rule({ then: "accept" })),
      account: [rule({ contact: "trusted", then: "hold" })],
    };
    expect(decide(policy, { ...facts, contact: "trusted" })).toMatchObject({
      action: "hold",
      rule: { of: "account", rule: 1 },
    });
    expect(decide(policy, facts)).toMatchObject({ action: "accept", rule: { of: "site", rule: 1 } });
  });

  test("lets a rule say whether the account hears of it, else the site", () => {
    const loud = { ...site(rule({ notify: null })), notify: true };
    expect(decide(loud, facts).notify).toBe(true);
    expect(decide({ ...loud, site: [rule({ notify: false })] }, facts).notify).toBe(false);
    expect(decide(site(rule({ notify: true })), facts).notify).toBe(true);
  });

  test("never matches a sender domain or contact when the sender is not authenticated", () => {
    const unknown = { ...facts, senderDomain: null, contact: null };
    for (const condition of [{ senderDomain: "cloud-a.example" }, { contact: "known" as const }]) {
      const decision = decide(site(rule(condition)), unknown);
      expect(decision.action).toBe("hold");
      expect(decision.considered[0]?.why).toContain("not authenticated");
    }
  });

  test.each<[Partial<Rule>, string | null]>([
    [{ protocol: "cozy" }, "protocol is ox"],
    [{ variant: "link-created" }, "variant is share-created"],
    [{ account: "carla" }, "account is bob"],
    [{ senderDomain: "example" }, null],
    [{ senderDomain: "loud-a.example" }, "not within loud-a.example"],
    [{ contact: "known" }, null],
    [{ contact: "trusted" }, "not a trusted one"],
    [{ module: "calendar" }, "module is files"],
    [{ recipientKind: "anonymous" }, "recipient kind is named-guest"],
    [{ evidence: ["not-junk", "link-aligned", "no-signals"] }, "missing: link-aligned, no-signals"],
    [{ evidence: ["not-junk", "authenticated"] }, null],
  ])("tries every condition: %o", (conditions, miss) => {
    const [considered] = decide(site(rule(conditions)), facts).considered;
    expect(considered?.matched).toBe(miss === null);
    if (miss !== null) expect(considered?.why).toContain(miss);
  });
});

describe("a mail that is not believed", () => {
  const action = fc.constantFrom<Action>("hold", "accept", "refuse", "ignore");
  const anyRule = fc.record(
    {
      protocol: fc.constantFrom("ox" as const, "cozy" as const),
      senderDomain: fc.constantFrom("cloud-a.example", "other.example"),
      contact: fc.constantFrom("known" as const, "trusted" as const),
      evidence: fc.subarray(["authenticated", "link-aligned", "not-junk", "no-signals"] as const),
      then: action,
    },
    { requiredKeys: [] },
  );

  test("makes nobody act at another server, whatever the rules say", () => {
    fc.assert(
      fc.property(fc.array(anyRule), fc.array(anyRule), (own, others) => {
        const policy = { account: own.map(rule), site: others.map(rule), notify: true };
        const decision = decide(policy, { ...facts, doubts: ["its sender is not authenticated"] });
        expect(["hold", "ignore"]).toContain(decision.action);
      }),
    );
  });

  test("is held where a rule says accept, with the reason, and ignored where one says refuse", () => {
    const doubted = { ...facts, doubts: ["it lies in Junk"] };
    expect(decide(site(rule({ then: "accept" })), doubted)).toMatchObject({
      action: "hold",
      rule: { rule: 1 },
      because: "rule 1 of the site says accept",
      restrained: { because: "not-believed", detail: expect.stringContaining("it lies in Junk") },
    });
    expect(decide(site(rule({ then: "refuse" })), doubted).action).toBe("ignore");
    expect(decide(site(rule({ then: "ignore" })), doubted).restrained).toBeNull();
  });

  test("is what a rule without a condition on the sender may match", () => {
    expect(impliesAuthentication(rule({ evidence: ["link-aligned"], originHost: "a.example" }))).toBe(false);
    expect(impliesAuthentication(rule({ contact: "known" }))).toBe(true);
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
