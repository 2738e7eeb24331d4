import type { ProtocolName } from "./share.ts";

export type Action = "hold" | "accept" | "refuse" | "ignore";

/** One rule: all conditions that are given must hold. */
export interface Rule {
  readonly protocol: ProtocolName | null;
  /** Exact host of the origin, lower-case A-label, with `:port` where the origin has one. */
  readonly originHost: string | null;
  /** Authenticated domain of the sender, or a domain above it: compared on label borders. */
  readonly senderDomain: string | null;
  /** Name of the account. */
  readonly account: string | null;
  readonly then: Action;
}

/** First match wins; no match holds. */
export type Policy = readonly Rule[];

/** What a rule is asked about. */
export interface PolicyFacts {
  readonly protocol: ProtocolName;
  readonly originHost: string;
  /** Domain of the From address, lower-case A-label, only when authenticated; else null. */
  readonly senderDomain: string | null;
  readonly account: string;
}

/** What was decided, by which rule, and why the rules before did not match. */
export interface Decision {
  readonly action: Action;
  /** Number of the rule, from 1; null for the default. */
  readonly rule: number | null;
  readonly because: string;
  /** One entry per rule looked at, in order. */
  readonly considered: readonly { readonly rule: number; readonly matched: boolean; readonly why: string }[];
}

/** The first rule whose conditions all hold decides; none holds the notification. */
export function decide(policy: Policy, facts: PolicyFacts): Decision {
  const considered: Decision["considered"][number][] = [];
  for (const [index, rule] of policy.entries()) {
    const miss = firstMiss(rule, facts);
    considered.push({ rule: index + 1, matched: miss === null, why: miss ?? "all conditions hold" });
    if (miss !== null) continue;
    return { action: rule.then, rule: index + 1, because: `rule ${index + 1} says ${rule.then}`, considered };
  }
  return { action: "hold", rule: null, because: "no rule matched, and the default is to hold", considered };
}

function firstMiss(rule: Rule, facts: PolicyFacts): string | null {
  if (rule.protocol !== null && rule.protocol !== facts.protocol) {
    return `protocol is ${facts.protocol}, not ${rule.protocol}`;
  }
  if (rule.originHost !== null && rule.originHost !== facts.originHost) {
    return `origin is ${facts.originHost}, not ${rule.originHost}`;
  }
  if (rule.account !== null && rule.account !== facts.account) {
    return `account is ${facts.account}, not ${rule.account}`;
  }
  if (rule.senderDomain !== null) return senderMiss(rule.senderDomain, facts.senderDomain);
  return null;
}

function senderMiss(wanted: string, actual: string | null): string | null {
  if (actual === null) return `the sender is not authenticated, so senderDomain ${wanted} cannot hold`;
  if (isWithinDomain(actual, wanted)) return null;
  return `authenticated sender domain is ${actual}, not within ${wanted}`;
}

/** Whether `domain` is `parent` or lies below it, on label borders: evilexample.org is not within example.org. */
export function isWithinDomain(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
