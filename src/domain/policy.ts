import type { ModuleName, ProtocolName, RecipientKind } from "./share.ts";

/**
 * The policy language: a list of rules, first match wins; the account's own rules come before the site's. All conditions
 * that are given must hold. Whatever a rule says, a mail that is not believed (domain/evidence.ts) is never accepted by
 * policy: such a match becomes hold.
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
  /** `known`: the sender is a contact of the account; `trusted`: a contact that the account trusts. */
  readonly contact: "known" | "trusted" | null;
  readonly module: ModuleName | null;
  readonly recipientKind: RecipientKind | null;
  /** Names of evidence that must hold. */
  readonly evidence: readonly EvidenceName[] | null;
  readonly then: Action;
  /** Whether the account hears of it by a notice mail. */
  readonly notify: boolean;
}

export type EvidenceName = "authenticated" | "link-aligned" | "not-junk" | "no-signals";

export interface Policy {
  readonly account: readonly Rule[];
  readonly site: readonly Rule[];
}

/** What a rule is asked about. */
export interface PolicyFacts {
  readonly protocol: ProtocolName;
  readonly variant: string;
  readonly originHost: string;
  /** Domain of the From address, lower-case A-label, only when authenticated; else null. */
  readonly senderDomain: string | null;
  readonly account: string;
  readonly contact: "known" | "trusted" | null;
  readonly module: ModuleName | null;
  readonly recipientKind: RecipientKind;
  readonly evidence: readonly EvidenceName[];
  /** domain/evidence.ts, isBelieved. */
  readonly isBelieved: boolean;
}

/** Which rule: of the account or the site, counted from 1. */
export interface RuleName {
  readonly of: "account" | "site";
  readonly rule: number;
}

/** What was decided, by which rule, and why the rules before did not match. */
export interface Decision {
  readonly action: Action;
  readonly notify: boolean;
  /** Null for the default. */
  readonly by: RuleName | null;
  readonly because: string;
  /** One entry per rule looked at, in order. */
  readonly considered: readonly (RuleName & { readonly matched: boolean; readonly why: string })[];
}
