import { z } from "zod";
import { evidenceNames, type Rule } from "../domain/policy.ts";
import { field, orNull, section } from "./parsed.ts";
import * as value from "./values.ts";

const protocols = [
  "ox",
  "cozy-v2",
  "cozy-v1",
  "cozy",
  "ocm-invite",
  "public-link",
  "federated-share",
] as const;
const modules = ["files", "calendar", "contacts", "tasks"] as const;
const recipientKinds = ["named-guest", "anonymous", "internal", "member", "unknown"] as const;

const conditions = {
  protocol: orNull(field(value.oneOf(...protocols))),
  variant: orNull(field(value.word)),
  originHost: orNull(field(value.originHost)),
  senderDomain: orNull(field(value.domain)),
  contact: orNull(field(value.oneOf("known", "trusted"))),
  module: orNull(field(value.oneOf(...modules))),
  recipientKind: orNull(field(value.oneOf(...recipientKinds))),
  evidence: orNull(z.array(field(value.oneOf(...evidenceNames)))),
};

/** The site's rules: any condition. */
export function siteRules() {
  return z.array(rule(section({ ...conditions, account: orNull(field(value.text)) }))).default([]);
}

/** A whole file with the rules that one account has of its own. */
export function accountRulesFile() {
  const own = section(conditions).transform((written) => ({ ...written, account: null }));
  return z.strictObject({ policy: z.array(rule(own)) });
}

function rule(when: z.ZodType<Omit<Rule, "then" | "notify">>) {
  const then = field(value.oneOf("hold", "accept", "refuse", "ignore"));
  const notify = orNull(field(value.yesOrNo));
  return (
    z
      // oxlint-disable-next-line unicorn/no-thenable -- the word of the configuration; its value is never a function
      .strictObject({ when, then, notify })
      // oxlint-disable-next-line unicorn/no-thenable -- the same
      .transform((written) => ({ ...written.when, then: written.then, notify: written.notify }))
  );
}
