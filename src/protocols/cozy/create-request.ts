import { z } from "zod";
import { contactsType, filesType, groupsType, unsharedFolders } from "../../domain/cozy-document.ts";
import { allVerbs, type PermissionRule } from "../../domain/cozy-permissions.ts";
import type { AskedGroup, AskedRecipient, ReadRequest } from "../../domain/cozy-request.ts";
import { limits } from "../../domain/limits.ts";

const action = z.enum(["none", "push", "sync", "revoke"]);
const passed = z.enum(["none", "push", "sync"]);

const rule = z.object({
  title: z.string().max(limits.cozyTextChars).default(""),
  doctype: z.string().regex(/^[A-Za-z][\w.-]{0,127}$/),
  values: z
    .array(z.string().regex(/^[^\s:,\p{Cc}]{1,200}$/u))
    .min(1)
    .max(limits.permissionValues),
  mime: z.string().max(limits.cozyTextChars).default(""),
  selector: z.enum(["", "id", "referenced_by"]).default(""),
  local: z.boolean().default(false),
  add: passed.default("none"),
  update: passed.default("none"),
  remove: action.default("none"),
});

const named = z.object({
  data: z
    .array(
      z.object({
        id: z.string().min(1).max(limits.cozyTextChars).optional(),
        type: z.enum([contactsType, groupsType]).default(contactsType),
        email: z.string().min(3).max(limits.addressChars).optional(),
        instance: z.string().min(1).max(limits.urlChars).optional(),
      }),
    )
    .max(limits.cozyMembers),
});

const relationships = z.object({ recipients: named.optional(), read_only_recipients: named.optional() });

const request = z.object({
  data: z.object({
    type: z.literal("io.cozy.sharings").optional(),
    attributes: z.object({
      description: z.string().max(limits.messageChars).default(""),
      app_slug: z.string().max(limits.nameChars).default(""),
      preview_path: z.string().max(limits.filePathChars).default(""),
      open_sharing: z.boolean().default(false),
      rules: z.array(rule).min(1).max(limits.permissionRules),
    }),
    relationships: relationships.default({}),
  }),
});

/** Reads the body of POST /sharings/ of today's cozy-stack (reference/cozy.md 7.1). */
export function readCreateRequest(body: unknown): ReadRequest {
  const read = request.safeParse(body);
  if (!read.success) return wrong(read.error);
  const { attributes, relationships: related } = read.data.data;
  const broken = attributes.rules.findIndex((one) => !isWhole(one));
  if (broken !== -1) {
    const field = `data.attributes.rules.${broken}`;
    const detail =
      "A rule on files by id names one file or folder, and not the topmost one, the trash or what others share; referenced_by is written doctype/id.";
    return { kind: "wrong", status: 400, problems: [{ field, detail }] };
  }
  return {
    kind: "asked",
    asked: {
      generation: "v3",
      sharingType: "rules",
      description: attributes.description || null,
      appSlug: attributes.app_slug || null,
      previewPath: attributes.preview_path || null,
      rules: attributes.rules,
      needs: attributes.rules.map(permissionOf),
      attributes: { open_sharing: attributes.open_sharing },
      ...invitedIn(related, "data.relationships"),
    },
  };
}

export type ReadRecipients =
  | ({ readonly kind: "recipients" } & Invited)
  | Extract<ReadRequest, { kind: "wrong" }>;

/** Reads the body of POST /sharings/:id/recipients (reference/cozy.md 7.7). */
export function readRecipientsRequest(body: unknown): ReadRecipients {
  const read = z.object({ data: z.object({ relationships }) }).safeParse(body);
  if (!read.success) return wrong(read.error);
  return { kind: "recipients", ...invitedIn(read.data.data.relationships, "data.relationships") };
}

function wrong({ issues }: z.ZodError): Extract<ReadRequest, { kind: "wrong" }> {
  const problems = issues.map(({ path, message }) => ({ field: path.join("."), detail: message }));
  return { kind: "wrong", status: 400, problems };
}

function isWhole({ doctype, values, selector }: z.output<typeof rule>): boolean {
  if (selector === "referenced_by") return values.every((value) => /^[\w.-]+\/[^/]+$/.test(value));
  return doctype !== filesType || (values.length === 1 && !unsharedFolders.includes(values[0] ?? ""));
}

/** A rule as it is kept; null where it is none. */
export function readRule(value: unknown): z.output<typeof rule> | null {
  return rule.safeParse(value).data ?? null;
}

/** What an application's token has to hold: everything on what the rule names. */
export function permissionOf({ title, doctype, values, selector }: z.output<typeof rule>): PermissionRule {
  return {
    title,
    description: null,
    type: doctype,
    verbs: allVerbs,
    values,
    selector: selector === "referenced_by" ? selector : null,
  };
}

interface Invited {
  readonly recipients: readonly AskedRecipient[];
  readonly groups: readonly AskedGroup[];
}

/** An id is a contact's or, where its type says so, a group's. */
function invitedIn(
  { recipients, read_only_recipients: readers }: z.output<typeof relationships>,
  field: string,
): Invited {
  const listed = [
    ...listOf(recipients, `${field}.recipients.data`, false),
    ...listOf(readers, `${field}.read_only_recipients.data`, true),
  ];
  return {
    recipients: listed.flatMap(({ group, recipient }) => (group === null ? [recipient] : [])),
    groups: listed.flatMap(({ group }) => (group === null ? [] : [group])),
  };
}

function listOf(
  list: z.output<typeof named> | undefined,
  at: string,
  isReadOnly: boolean,
): readonly { readonly group: AskedGroup | null; readonly recipient: AskedRecipient }[] {
  return (list?.data ?? []).map(({ id, type, email, instance }, place) => {
    const field = `${at}.${place}.${id === undefined ? "email" : "id"}`;
    const recipient = {
      field,
      contactId: id ?? null,
      address: email ?? null,
      url: instance ?? null,
      isReadOnly,
    };
    return { recipient, group: type === groupsType && id !== undefined ? { field, id, isReadOnly } : null };
  });
}
