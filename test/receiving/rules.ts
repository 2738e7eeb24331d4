import type { Rule } from "../../src/domain/policy.ts";

/** A rule without conditions. */
export const acceptAll: Rule = {
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
};
