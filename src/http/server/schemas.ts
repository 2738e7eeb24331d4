import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { TokenScope } from "../../store/api-tokens.ts";
import { notificationStates } from "../../store/notifications.ts";

/** A moment. */
export const time = z.int().meta({ description: "Milliseconds since 1970, UTC." });
const moduleName = z.string().nullable();

const notificationShape = {
  id: z.string(),
  account_id: z.string(),
  account: z.string().optional().meta({ description: "Name of the account; in lists." }),
  protocol: z.string(),
  variant: z.string(),
  origin: z.string(),
  share_hint: z.string().meta({ description: "The beginning of the share's id; the rest is secret." }),
  recipient_kind: z.string(),
  module: moduleName,
  title: z.string().nullable(),
  sharer_name: z.string(),
  sharer_address: z.string(),
  state: z.enum(notificationStates),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  created_at: time,
  updated_at: time,
  expires_at: time.nullable(),
};

export const notificationSchema = z.object(notificationShape).meta({ id: "Notification" });

export const notificationWithMailsSchema = z
  .object({
    ...notificationShape,
    targets: z.array(
      z.object({
        module: moduleName,
        folder: z.string().nullable(),
        item: z.string().nullable(),
        title: z.string().nullable(),
      }),
    ),
    mails: z.array(z.object({ folder: z.string(), uid: z.int() })),
  })
  .meta({ id: "NotificationWithMails" });

export const explainedSchema = z
  .object({
    ...notificationShape,
    record: z
      .array(z.object({ at: time, kind: z.string(), detail: z.record(z.string(), z.unknown()) }))
      .meta({
        description: "What happened, oldest first: mails, evidence, rules considered, calls and answers.",
      }),
  })
  .meta({ id: "NotificationExplained" });

const answeredShape = { id: z.string(), state: z.enum(notificationStates) };

export const acceptedSchema = z
  .object({
    ...answeredShape,
    trust: z
      .discriminatedUnion("kind", [
        z.object({ kind: z.literal("trusted"), address: z.string() }),
        z.object({ kind: z.literal("not-trusted"), because: z.string() }),
      ])
      .nullable()
      .meta({ description: "What became of trust; null where it was not asked for." }),
  })
  .meta({ id: "Accepted" });

export const ignoredSchema = z.object(answeredShape).meta({ id: "Ignored" });

export const refusedSchema = z
  .object({
    ...answeredShape,
    note: z.string().nullable().meta({ description: "What a person should know about how it was done." }),
  })
  .meta({ id: "Refused" });

const subscriptionShape = {
  id: z.string(),
  account_id: z.string(),
  account: z.string().optional().meta({ description: "Name of the account; in lists." }),
  notification_id: z.string(),
  protocol: z.string(),
  origin: z.string(),
  via: z.enum(["usher", "home"]),
  state: z.enum(["SUBSCRIBED", "UNSUBSCRIBED", "CREDENTIALS_REFRESH", "INACCESSIBLE", "REMOVED"]),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  title: z.string().nullable(),
  guest: z.string().nullable(),
  home_account: z.string().nullable(),
  home_folder: z.string().nullable(),
  checked_at: time.nullable(),
  next_check_at: time.nullable(),
  failing_since: time.nullable(),
  created_at: time,
  ended_at: time.nullable(),
};

export const subscriptionSchema = z.object(subscriptionShape).meta({ id: "Subscription" });

export const subscriptionWithFoldersSchema = z
  .object({
    ...subscriptionShape,
    folders: z.array(
      z.object({ module: z.string(), folder: z.string(), title: z.string(), entries: z.int() }),
    ),
  })
  .meta({ id: "SubscriptionWithFolders" });

export const listedSchema = z
  .object({
    path: z.string(),
    entries: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        kind: z.enum(["folder", "file"]),
        sizeBytes: z.int().nullable(),
      }),
    ),
  })
  .meta({ id: "Listed" });

export const jobSchema = z
  .object({
    id: z.int(),
    kind: z.string(),
    owner: z.string().nullable().describe("Name of the account whose work it is; null for the site's own."),
    subject: z.string(),
    lane: z.string(),
    state: z.string(),
    attempts: z.int(),
    runAt: time,
    lastError: z.string().nullable(),
  })
  .meta({ id: "Job" });

export const rowParams = z.object({ id: z.string().regex(/^[a-z0-9]{1,32}$/, "not an id") });

export const password = z.string().min(1).max(limits.sharePasswordChars);

export const filePath = z
  .string()
  .max(limits.filePathChars)
  .meta({ description: "Names separated by /, relative to the share; empty for its root." });

/** What the OpenAPI document says about an operation, beside its shapes. */
export function operation(operationId: string, summary: string, scope: TokenScope) {
  const [tag = scope] = scope.split(":");
  return { operationId, summary, tags: [tag], security: [{ token: [scope] }] };
}

/** An answer in JSON, described. */
export function given<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}
