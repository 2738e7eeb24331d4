import type { ModuleName, ProtocolName, RecipientKind } from "./share.ts";

/**
 * The policy language: a list of rules, first match wins; the account's own rules come before the site's. All conditions
 * that are given must hold; without a match a notification is held. Whatever a rule says, a mail that is not believed
 * (domain/evidence.ts) leads to no act at another server: accept becomes hold, refuse becomes ignore.
 */
export type Action = "hold" | "accept" | "refuse" | "ignore";

export interface Rule {
  readonly protocol: ProtocolName | null;
  readonly variant: string | null;
  /** Exact host of the origin, lower-case A-label, with `:port` where the origin has one. */
  readonly originHost: string | null;
  /** Authenticated domain of the sender, or a domain above it: compared on label borders. */
  readonly senderDomain: string | null;
  /** Name of the account; only in the site's rules. */
  readonly account: string | null;
  /** `known`: the sender is a contact of the account, trusted or not; `trusted`: a contact that the account trusts. */
  readonly contact: "known" | "trusted" | null;
  readonly module: ModuleName | null;
  readonly recipientKind: RecipientKind | null;
  /** Names of evidence that must hold. */
  readonly evidence: readonly EvidenceName[] | null;
  readonly then: Action;
  /** Whether the account hears of it by a notice mail; null: as the site says (`notifications.notify`). */
  readonly notify: boolean | null;
}

export const evidenceNames = ["authenticated", "link-aligned", "not-junk", "no-signals"] as const;
export type EvidenceName = (typeof evidenceNames)[number];

export interface Policy {
  readonly account: readonly Rule[];
  readonly site: readonly Rule[];
  /** Whether the account hears of what no rule says otherwise about. */
  readonly notify: boolean;
}

/** What a rule is asked about. */
export interface PolicyFacts {
  readonly protocol: ProtocolName;
  readonly variant: string;
  /** Null where the mail does not tell the origin. */
  readonly originHost: string | null;
  /** Domain of the From address, lower-case A-label, only when authenticated; else null. */
  readonly senderDomain: string | null;
  readonly account: string;
  /** Only when authenticated: a forged contact is none. */
  readonly contact: "known" | "trusted" | null;
  readonly module: ModuleName | null;
  readonly recipientKind: RecipientKind;
  readonly evidence: readonly EvidenceName[];
  /** Why the mail is not believed, each in words; empty when it is (domain/evidence.ts, isBelieved). */
  readonly doubts: readonly string[];
}

/** Which rule: of the account or the site, counted from 1. */
export interface RuleName {
  readonly of: "account" | "site";
  readonly rule: number;
}

export interface Restraint {
  /** Kebab-case. */
  readonly because: "not-believed" | "protocol-cannot-be-followed" | "protocol-cannot-refuse";
  /** A sentence for a person. */
  readonly detail: string;
}

/** What was decided, by which rule, and why the rules before did not match. */
export interface Decision {
  readonly action: Action;
  readonly notify: boolean;
  /** Null for the default. */
  readonly rule: RuleName | null;
  readonly because: string;
  /** Why less is done than the rule says; null where the rule is followed. */
  readonly restrained: Restraint | null;
  /** One entry per rule looked at, in order. */
  readonly considered: readonly (RuleName & { readonly matched: boolean; readonly why: string })[];
}

/** The first rule whose conditions all hold decides; none holds the notification. */
export function decide(policy: Policy, facts: PolicyFacts): Decision {
  const rules = [...named("account", policy.account), ...named("site", policy.site)];
  const considered: Decision["considered"][number][] = [];
  for (const { name, rule } of rules) {
    const miss = firstMiss(rule, facts);
    considered.push({ ...name, matched: miss === null, why: miss ?? "all conditions hold" });
    if (miss !== null) continue;
    const because = `${ruleText(name)} says ${rule.then}`;
    return restrained({ rule: name, because, considered, notify: rule.notify ?? policy.notify }, rule, facts);
  }
  const because = "no rule matched, and the default is to hold";
  return { action: "hold", notify: policy.notify, rule: null, because, restrained: null, considered };
}

/** `rule 2 of the site` */
export function ruleText({ of, rule }: RuleName): string {
  return `rule ${rule} of the ${of}`;
}

function named(of: RuleName["of"], rules: readonly Rule[]): readonly { name: RuleName; rule: Rule }[] {
  return rules.map((rule, index) => ({ name: { of, rule: index + 1 }, rule }));
}

/** A mail that is not believed makes nobody act at another server. */
function restrained(
  made: Omit<Decision, "action" | "restrained">,
  { then }: Rule,
  { doubts }: PolicyFacts,
): Decision {
  if (doubts.length === 0 || then === "hold" || then === "ignore") {
    return { ...made, action: then, restrained: null };
  }
  const action = then === "accept" ? "hold" : "ignore";
  const detail = `The mail is not believed: ${doubts.join("; ")}.`;
  return { ...made, action, restrained: { because: "not-believed", detail } };
}

/** Whether the rule matches only mail whose sender is authenticated. */
export function impliesAuthentication(rule: Rule): boolean {
  return (
    rule.senderDomain !== null || rule.contact !== null || rule.evidence?.includes("authenticated") === true
  );
}

type Condition = (rule: Rule, facts: PolicyFacts) => string | null;

/** Each gives why its condition does not hold; null where it does, or is not given. */
const conditions: readonly Condition[] = [
  (rule, facts) => unequal("protocol", rule.protocol, facts.protocol),
  (rule, facts) => unequal("variant", rule.variant, facts.variant),
  (rule, facts) => unequal("origin", rule.originHost, facts.originHost),
  (rule, facts) => unequal("account", rule.account, facts.account),
  (rule, facts) => unequal("module", rule.module, facts.module),
  (rule, facts) => unequal("recipient kind", rule.recipientKind, facts.recipientKind),
  (rule, facts) => (rule.senderDomain === null ? null : senderMiss(rule.senderDomain, facts.senderDomain)),
  (rule, facts) => (rule.contact === null ? null : contactMiss(rule.contact, facts)),
  (rule, facts) => {
    const missing = rule.evidence?.filter((name) => !facts.evidence.includes(name)) ?? [];
    return missing.length === 0 ? null : `evidence is missing: ${missing.join(", ")}`;
  },
];

function firstMiss(rule: Rule, facts: PolicyFacts): string | null {
  for (const condition of conditions) {
    const miss = condition(rule, facts);
    if (miss !== null) return miss;
  }
  return null;
}

function unequal(what: string, wanted: string | null, actual: string | null): string | null {
  if (wanted === null || wanted === actual) return null;
  return `${what} is ${actual ?? "unknown"}, not ${wanted}`;
}

function senderMiss(wanted: string, actual: string | null): string | null {
  if (actual === null) return `the sender is not authenticated, so senderDomain ${wanted} cannot hold`;
  if (isWithinDomain(actual, wanted)) return null;
  return `authenticated sender domain is ${actual}, not within ${wanted}`;
}

function contactMiss(wanted: "known" | "trusted", { contact, senderDomain }: PolicyFacts): string | null {
  if (contact === "trusted" || contact === wanted) return null;
  if (senderDomain === null) return `the sender is not authenticated, so contact ${wanted} cannot hold`;
  return contact === null
    ? "the sender is no contact of the account"
    : "the sender is a contact, not a trusted one";
}

/** Whether `domain` is `parent` or lies below it, on label borders: evilexample.org is not within example.org. */
export function isWithinDomain(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
