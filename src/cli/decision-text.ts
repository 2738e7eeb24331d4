import { z } from "zod";

const name = { of: z.enum(["account", "site"]), rule: z.number() };

const decisionSchema = z.object({
  action: z.string(),
  notify: z.boolean(),
  because: z.string(),
  restrained: z.object({ because: z.string(), detail: z.string() }).nullable(),
  considered: z.array(z.object({ ...name, matched: z.boolean(), why: z.string() })),
});

/** A decision of the policy in words: what, why, and each rule that was looked at; null where it is none. */
export function decisionLines(value: unknown): readonly string[] | null {
  const parsed = decisionSchema.safeParse(value);
  if (!parsed.success) return null;
  const { action, notify, because, restrained, considered } = parsed.data;
  return [
    ...considered.map(
      ({ of, rule, matched, why }) => `rule ${rule} of the ${of}: ${matched ? "matches" : "no"}, ${why}`,
    ),
    `decided: ${action}, ${notify ? "and the account hears of it" : "silently"}; ${because}`,
    ...(restrained === null ? [] : [`less than the rule says: ${restrained.detail}`]),
  ];
}
