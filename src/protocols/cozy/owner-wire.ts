import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { WireRule } from "./wire.ts";
import { xorId } from "./xor-id.ts";

// Bodies that a sharing's owner writes, and what members answer (reference/cozy.md, section 7). Empty fields are left out.

const sharingType = "io.cozy.sharings";
const answerType = "io.cozy.sharings.answer";

/** A member as the owner tells of him; `instanceUrl` is told to himself alone. */
export interface ToldMember {
  readonly status: string;
  readonly publicName: string | null;
  readonly address: string | null;
  readonly instanceUrl: string | null;
  readonly isReadOnly: boolean;
  /** Indexes of the groups that he is in. */
  readonly groups: readonly number[];
  readonly isOnlyInGroups: boolean;
}

function writeMember(member: ToldMember): object {
  const { status, publicName, address, instanceUrl, isReadOnly, groups, isOnlyInGroups } = member;
  return {
    status,
    ...optional("public_name", publicName),
    ...optional("email", address),
    ...optional("instance", instanceUrl),
    ...(isReadOnly ? { read_only: true } : {}),
    ...(isOnlyInGroups ? { only_in_groups: true } : {}),
    ...(groups.length === 0 ? {} : { groups }),
  };
}

function optional(key: string, value: string | null): object {
  return value === null || value === "" ? {} : { [key]: value };
}

/** What PUT /sharings/:id tells a member (7.4). */
export interface ToldSharing {
  readonly id: string;
  readonly description: string | null;
  readonly appSlug: string | null;
  readonly previewPath: string | null;
  readonly isOpen: boolean;
  readonly rules: readonly WireRule[];
  /** The owner first. */
  readonly members: readonly ToldMember[];
  /** As they stand in the document. */
  readonly groups: readonly object[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The request to a member; ids in rules are changed with his key. */
export function writeRequest(sharing: ToldSharing, key: Uint8Array): object {
  const attributes = {
    ...optional("description", sharing.description),
    ...optional("app_slug", sharing.appSlug),
    ...optional("preview_path", sharing.previewPath),
    ...(sharing.isOpen ? { open_sharing: true } : {}),
    rules: sharing.rules.map((rule) => writeRule(rule, key)),
    members: sharing.members.map(writeMember),
    ...(sharing.groups.length === 0 ? {} : { groups: sharing.groups }),
    created_at: new Date(sharing.createdAt).toISOString(),
    updated_at: new Date(sharing.updatedAt).toISOString(),
  };
  return { data: { type: sharingType, id: sharing.id, attributes } };
}

function writeRule(rule: WireRule, key: Uint8Array): object {
  const values = namesIds(rule) ? rule.values.map((value) => xorId(value, key)) : rule.values;
  const { title, doctype, mime, selector, local, add, update, remove } = rule;
  const texts = { title, doctype, mime, selector, add, update, remove };
  const filled = Object.entries(texts).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(filled), ...(local ? { local } : {}), values };
}

/** No selector means ids (7.1). */
export function namesIds({ selector }: Pick<WireRule, "selector">): boolean {
  return selector === "" || selector === "id";
}

/** The list that PUT /sharings/:id/recipients tells: no names of contacts, no addresses of Cozys (7.7). */
export function writeMembers(members: readonly ToldMember[], groups: readonly object[]): object {
  return { data: members.map((member) => writeMember({ ...member, instanceUrl: null })), included: groups };
}

const text = z.string().max(limits.cozyTextChars).nullish();

const answer = z.object({
  data: z.object({
    attributes: z.object({
      public_name: text.transform((value) => value ?? ""),
      state: z
        .string()
        .max(limits.scopeChars)
        .nullish()
        .transform((value) => value ?? ""),
      client: z.unknown(),
      access_token: z.unknown(),
    }),
  }),
});

/** What a recipient answers with (7.5), client and token unread; null where it is none. */
export function readAnswer(body: unknown): z.output<typeof answer>["data"]["attributes"] | null {
  return answer.safeParse(body).data?.data.attributes ?? null;
}

/** What the owner gives for an answer; client and token as OAuth writes them, the key in base64. */
export function writeAnswered(given: {
  readonly sharingId: string;
  readonly client: object;
  readonly token: object;
  readonly xorKey: string;
}): object {
  const { sharingId: id, client, token, xorKey } = given;
  const attributes = { client, access_token: token, xor_key: xorKey };
  return { data: { type: answerType, id, attributes } };
}

/** New rights of a member (7.7). */
export function writeRights(sharingId: string, token: object): object {
  return { data: { type: answerType, id: sharingId, attributes: { access_token: token } } };
}

const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const delegated = z.object({
  data: z.object({
    relationships: z.object({
      recipients: z.object({
        data: z
          .array(z.object({ email: text, instance: text, read_only: flag }))
          .min(1)
          .max(limits.cozyMembers),
      }),
    }),
  }),
});

/** Somebody whom a member invites. */
export interface DelegatedMember {
  readonly address: string | null;
  /** As it was sent. */
  readonly instance: string | null;
  readonly isReadOnly: boolean;
}

/** The body of POST /sharings/:id/recipients/delegated (7.7); null where it is none. */
export function readDelegated(body: unknown): readonly DelegatedMember[] | null {
  const list = delegated.safeParse(body).data?.data.relationships.recipients.data;
  return (
    list?.map(({ email, instance, read_only: isReadOnly }) => ({
      address: email || null,
      instance: instance || null,
      isReadOnly,
    })) ?? null
  );
}

const missing = z.record(z.string(), z.object({ missing: z.array(z.string()).nullish() }));

/** Documents, as `doctype/id`, whose revision the other side lacks (7.8); null where the answer is none. */
export function readMissing(body: unknown): ReadonlySet<string> | null {
  const { data } = missing.safeParse(body);
  if (data === undefined) return null;
  return new Set(
    Object.entries(data).flatMap(([name, { missing: list }]) => ((list?.length ?? 0) > 0 ? [name] : [])),
  );
}

/** The key for a file's content; null where the answer is none. */
export function readUploadKey(body: unknown): string | null {
  return z.object({ key: z.string().min(1).max(limits.scopeChars) }).safeParse(body).data?.key ?? null;
}

/** A document of a replication, with its history as CouchDB writes it. */
export function writeReplicated(document: {
  readonly id: string;
  readonly revision: string;
  /** Revisions before it, the newest first. */
  readonly ancestors: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly isDeleted: boolean;
}): object {
  const { id, revision, ancestors, body, isDeleted } = document;
  const hashes = [revision, ...ancestors].map((each) => each.slice(each.indexOf("-") + 1));
  return {
    ...(isDeleted ? { _deleted: true } : body),
    _id: id,
    _rev: revision,
    _revisions: { start: Number(revision.slice(0, revision.indexOf("-"))), ids: hashes },
  };
}
