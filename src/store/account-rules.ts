import { z } from "zod";
import { evidenceNames, type Rule } from "../domain/policy.ts";
import type { Db } from "./store.ts";

const text = z.string().nullable();

/** Conditions that a later version adds are not given in what an earlier one has written. */
const storedRules: z.ZodType<readonly Rule[]> = z.array(
  z.object({
    protocol: z
      .enum(["ox", "cozy-v2", "cozy-v1", "cozy", "ocm-invite", "public-link", "federated-share"])
      .nullable(),
    variant: text,
    originHost: text,
    senderDomain: text,
    account: z.null(),
    contact: z.enum(["known", "trusted"]).nullable(),
    module: z.enum(["files", "calendar", "contacts", "tasks"]).nullable(),
    recipientKind: z.enum(["named-guest", "anonymous", "internal", "member", "unknown"]).nullable(),
    evidence: z.array(z.enum(evidenceNames)).nullable(),
    // oxlint-disable-next-line unicorn/no-thenable -- the word of the configuration; its value is never a function
    then: z.enum(["hold", "accept", "refuse", "ignore"]),
    notify: z.boolean().nullable(),
  }),
);

/** The account's own rules; none where it has none. */
export async function readAccountRules(db: Db, accountId: string): Promise<readonly Rule[]> {
  const row = await db
    .selectFrom("account")
    .select("policy_json")
    .where("id", "=", accountId)
    .executeTakeFirst();
  if (row === undefined || row.policy_json === null) return [];
  return storedRules.parse(JSON.parse(row.policy_json));
}

/** Replaces the account's own rules; null removes them. */
export async function writeAccountRules(
  db: Db,
  accountId: string,
  rules: readonly Rule[] | null,
): Promise<void> {
  await db
    .updateTable("account")
    .set({ policy_json: rules === null ? null : JSON.stringify(rules) })
    .where("id", "=", accountId)
    .execute();
}
