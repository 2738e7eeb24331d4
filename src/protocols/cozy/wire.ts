import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";

// Bodies of today's cozy-stack (reference/cozy.md, section 7). Go leaves empty fields out, or writes null.

const text = z
  .string()
  .max(limits.cozyTextChars)
  .nullish()
  .transform((value) => value ?? "");
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
/** Mandatory where it stands for a state, a code or a token; none is nearly as long. */
const secret = z.string().max(limits.scopeChars);

function listOf<Item extends z.ZodType>(item: Item, most: number) {
  return z
    .array(item)
    .max(most)
    .nullish()
    .transform((value): z.output<Item>[] => value ?? []);
}

const rule = z.object({
  title: text,
  doctype: z.string().min(1).max(limits.cozyTextChars),
  values: z.array(z.string().min(1).max(limits.cozyTextChars)).min(1).max(limits.permissionValues),
  mime: text,
  selector: text,
  local: flag,
  add: text,
  update: text,
  remove: text,
});

/** What of a doctype is shared, as it stands in the document and in cozy_sharing.rules_json. */
export type WireRule = z.output<typeof rule>;

/** Rules as they stand in the store. Throws where they are none: that is a bug. */
export function readRules(kept: unknown): readonly WireRule[] {
  return z.array(rule).parse(kept);
}

const member = z
  .object({
    status: text,
    public_name: text,
    email: text,
    instance: text,
    read_only: flag,
  })
  .transform(({ status, public_name: publicName, email, instance, read_only: isReadOnly }) => ({
    status,
    publicName,
    email,
    /** `https://host[:port]`; null where the other members may not know it, or where it is no such address. */
    instanceUrl: httpsOrigin(instance),
    isReadOnly,
  }));

export type WireMember = z.output<typeof member>;

const members = z.array(member).min(2).max(limits.cozyMembers);
const groups = listOf(z.record(z.string(), z.unknown()), limits.cozyMembers);

function documentOf<Attributes extends z.ZodType>(type: string, attributes: Attributes) {
  return z.object({ data: z.object({ type: z.literal(type), attributes }) });
}

const sharingType = "io.cozy.sharings";
const answerType = "io.cozy.sharings.answer";

const requested = documentOf(
  sharingType,
  z.object({
    description: text,
    app_slug: text,
    preview_path: text,
    open_sharing: flag,
    drive: flag,
    drive_root_type: text,
    org_drive: flag,
    rules: z.array(rule).min(1).max(limits.permissionRules),
    members,
    groups,
    credentials: listOf(z.object({ drive_token: secret, state: secret }), 1),
  }),
);

/** What PUT /sharings/:id brings (reference/cozy.md 7.4). Anybody can have written it. */
export type RequestedSharing = z.output<typeof requested>["data"]["attributes"];

/** Reads it; null where it is none, or holds more than is taken. */
export function readSharing(body: unknown): RequestedSharing | null {
  return requested.safeParse(body).data?.data.attributes ?? null;
}

/** Members as one of them gets to know of the others (reference/cozy.md 7.7); null where the body is no such list. */
export function readMembers(body: unknown): readonly WireMember[] | null {
  return z.object({ data: members }).safeParse(body).data?.data ?? null;
}

/** 16 random bytes in base64url. */
const memberState = /^[\w-]{22}$/;

/** Whether a text has the form of a member's state. */
export function isMemberState(value: string): boolean {
  return memberState.test(value);
}

/**
 * The state in the address that discovery leads to: it must lie on the account's own Cozy and name this sharing
 * (reference/cozy.md 7.3). Null for any other address.
 */
export function stateInRedirect(
  href: string,
  { instanceUrl, sharingId }: { readonly instanceUrl: string; readonly sharingId: string },
): string | null {
  const url = href.length > limits.urlChars ? null : URL.parse(href);
  if (url === null || url.origin !== instanceUrl || url.username !== "" || url.password !== "") return null;
  const state = url.searchParams.get("state") ?? "";
  const isRight =
    url.pathname === "/auth/authorize/sharing" && url.searchParams.get("sharing_id") === sharingId;
  return isRight && isMemberState(state) ? state : null;
}

const discovered = z.object({ redirect: z.string(), email: text });

/** What discovery answers in JSON; null where it is none. */
export function readDiscovered(body: unknown): z.output<typeof discovered> | null {
  return discovered.safeParse(body).data ?? null;
}

const permission = z.object({ data: z.object({ attributes: z.object({ source_id: z.string() }) }) });

/**
 * What a sharecode is for, from GET /permissions/self (reference/cozy.md 3.4): a sharing's id, or `no-sharing` for a code that
 * only opens a page. Null where the answer is none.
 */
export function readSource(body: unknown): { readonly sharingId: string } | "no-sharing" | null {
  const source = permission.safeParse(body).data?.data.attributes.source_id;
  if (source === undefined) return null;
  const sharingId = /^io\.cozy\.sharings\/([0-9a-f]{32})$/.exec(source)?.[1];
  return sharingId === undefined ? "no-sharing" : { sharingId };
}

/** What a recipient answers with (reference/cozy.md 7.5); client and token as OAuth writes them. */
export function writeAnswer(answer: {
  readonly sharingId: string;
  readonly publicName: string;
  readonly state: string;
  readonly client: object;
  readonly token: object;
}): object {
  const { sharingId: id, publicName, state, client, token } = answer;
  const attributes = { public_name: publicName, state, client, access_token: token };
  return { data: { type: answerType, id, attributes } };
}

const answered = documentOf(
  answerType,
  z.object({ client: z.unknown(), access_token: z.unknown(), xor_key: z.unknown() }),
);

/** What the sharer gives for an answer, client and token unread; null where the body is none. */
export function readAnswered(body: unknown): z.output<typeof answered>["data"]["attributes"] | null {
  return answered.safeParse(body).data?.data.attributes ?? null;
}

const rights = documentOf(answerType, z.object({ access_token: z.unknown() }));

/** The token that comes with changed rights (reference/cozy.md 7.7), unread; undefined where none came. */
export function tokenInRights(body: unknown): unknown {
  return rights.safeParse(body).data?.data.attributes.access_token;
}

const revisionText = z.string().regex(/^\d{1,9}-[\w-]{1,64}$/);

const revisions = z.record(z.string(), z.array(revisionText).max(limits.cozyListedDocuments));

/** Documents whose revisions are asked about: `doctype/id` to revisions (reference/cozy.md 7.8). */
export function readRevisions(body: unknown): Readonly<Record<string, readonly string[]>> | null {
  const { data } = revisions.safeParse(body);
  return data === undefined || Object.keys(data).length > limits.cozyListedDocuments ? null : data;
}

/** One document of a replication. */
export interface ReplicatedDocument {
  readonly id: string;
  readonly revision: string;
  readonly isDeleted: boolean;
  /** Without the fields that CouchDB keeps for itself. */
  readonly body: Readonly<Record<string, unknown>>;
}

const replicated = z
  .looseObject({ _id: z.string().min(1).max(limits.cozyTextChars), _rev: revisionText, _deleted: flag })
  .transform(({ _id: id, _rev: revision, _deleted: isDeleted, ...fields }): ReplicatedDocument => ({
    id,
    revision,
    isDeleted,
    body: Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("_"))),
  }));

const bulk = z.record(z.string(), z.array(replicated).max(limits.cozyListedDocuments));

/** Documents of POST /sharings/:id/_bulk_docs by doctype (reference/cozy.md 7.8). */
export function readBulk(body: unknown): Readonly<Record<string, readonly ReplicatedDocument[]>> | null {
  return bulk.safeParse(body).data ?? null;
}

/** The document of one file; null where it is none. */
export function readReplicated(body: unknown): ReplicatedDocument | null {
  return replicated.safeParse(body).data ?? null;
}
