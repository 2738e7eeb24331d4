import { type Rule, type RuleName, ruleText } from "../domain/policy.ts";

/** A rule as it is written in YAML: without the conditions that are not given. */
export function writtenRule(rule: Rule): Readonly<Record<string, unknown>> {
  const { then, notify, ...conditions } = rule;
  const when = Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== null));
  const shown = notify === null ? {} : { notify };
  // oxlint-disable-next-line unicorn/no-thenable -- the word of the configuration; its value is never a function
  return Object.keys(when).length === 0 ? { then, ...shown } : { when, then, ...shown };
}

/** `rule 2 of the site: protocol ox, contact trusted -> accept, silently` */
export function ruleLine(name: RuleName, rule: Rule): string {
  const { then, notify, ...conditions } = rule;
  const given = Object.entries(conditions).flatMap(([key, value]) =>
    value === null ? [] : [`${key} ${Array.isArray(value) ? value.join(" ") : String(value)}`],
  );
  const heard = notify === null ? "" : notify ? ", and the account hears of it" : ", silently";
  return `${ruleText(name)}: ${given.length === 0 ? "always" : given.join(", ")} -> ${then}${heard}`;
}
