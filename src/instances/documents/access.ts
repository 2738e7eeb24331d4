import { factsOf, folderOf, isFolder, settingsType, type DocumentBody } from "../../domain/cozy-document.ts";
import {
  type DocumentFacts,
  opens,
  parseScope,
  type PermissionRule,
  type Verb,
} from "../../domain/cozy-permissions.ts";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerRequest } from "../../http/peer-route.ts";
import { markTokenUsed, tokenBySecret } from "../../store/api-tokens.ts";
import { cozyTokenBySecret } from "../../store/cozy-clients.ts";
import {
  type CozyDocumentRow,
  type DocumentKey,
  liesAnythingIn,
  readDocument,
} from "../../store/cozy-documents.ts";
import { cozyMembersOf, cozySharingById } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { bearerIn, missingToken, wrongToken } from "../bearer.ts";
import { JsonApiError } from "../json-api.ts";

/** Who asks an instance host with a bearer token, and what he may do: nothing but what the rules open. */
export interface Access {
  /** An application of the account, or another Cozy as the OAuth client of a sharing. */
  readonly kind: "application" | "cozy";
  /** For records: who it was. */
  readonly by: string;
  readonly appSlug: string | null;
  readonly clientId: string | null;
  readonly cozySharingId: string | null;
  /** A sharing that the account was invited to: its rules are the sharer's words, and open only what came through it. */
  readonly onlyThrough: string | null;
  readonly rules: readonly PermissionRule[];
}

/** Throws JsonApiError: 401 without a token or with a wrong one, 429 after too many. */
export async function requireAccess(db: Db, request: PeerRequest, nowMs: number): Promise<Access> {
  const secret = bearerIn(request);
  if (secret === null) throw missingToken();
  const access =
    (await applicationOf(db, request, secret, nowMs)) ?? (await cozyOf(db, request, secret, nowMs));
  if (access === null) throw wrongToken(request);
  return access;
}

async function applicationOf(
  db: Db,
  { instance }: PeerRequest,
  secret: string,
  nowMs: number,
): Promise<Access | null> {
  const token = await tokenBySecret(db, secret, nowMs);
  if (token?.accountId !== instance.accountId) return null;
  return {
    kind: "application",
    by: `api: ${token.name}`,
    appSlug: token.appSlug,
    clientId: null,
    cozySharingId: null,
    onlyThrough: null,
    rules: token.permissions === null ? [] : (parseScope(token.permissions) ?? []),
  };
}

async function cozyOf(
  db: Db,
  { instance: { accountId } }: PeerRequest,
  secret: string,
  nowMs: number,
): Promise<Access | null> {
  const token = await cozyTokenBySecret(db, { accountId, kind: "access", secret }, nowMs);
  if (token === undefined) return null;
  const sharing = await cozySharingById(db, token.cozy_sharing_id ?? "");
  return {
    kind: "cozy",
    by: "another Cozy",
    appSlug: null,
    clientId: token.client_id,
    cozySharingId: token.cozy_sharing_id,
    onlyThrough: sharing?.is_owner === 0 ? sharing.id : null,
    rules: parseScope(token.scope) ?? [],
  };
}

/** Throws JsonApiError 403 unless an application of the account asks. */
export function requireApplication(access: Access): Access {
  if (access.kind === "application") return access;
  throw new JsonApiError(403, { detail: "Only an application of the account may do this." });
}

/** Writes down that a token changed something. */
export async function noteUse(db: Db, request: PeerRequest, nowMs: number): Promise<void> {
  const token = await tokenBySecret(db, bearerIn(request) ?? "", nowMs);
  if (token !== undefined) await markTokenUsed(db, token.id, nowMs);
}

/**
 * What stands there, undefined for nothing, where the rules open it for the verb; `after` is what shall stand there, which
 * they have to open as well. Throws JsonApiError 403: whether the document is there is not told.
 */
export async function openDocument(
  db: Db,
  access: Pick<Access, "rules" | "onlyThrough">,
  { key, verb, after }: { readonly key: DocumentKey; readonly verb: Verb; readonly after?: DocumentBody },
): Promise<CozyDocumentRow | undefined> {
  const row = await readDocument(db, key);
  const known = row === undefined || row.is_deleted === 1 ? undefined : row;
  if (known !== undefined && !(await isOpen(db, access, { key, verb, row: known }))) throw notOpen(key, verb);
  if (after !== undefined && (await reachesFurther(db, access, { key, verb, known, after })))
    throw notOpen(key, verb);
  const seen = after ?? (known === undefined ? {} : null);
  if (seen === null || opens(access.rules, verb, await factsFor(db, access, key, seen))) return known;
  throw notOpen(key, verb);
}

/** A document that is about to be written: what stands there, and what shall stand there. */
interface Change {
  readonly key: DocumentKey;
  readonly known: CozyDocumentRow | undefined;
  readonly after: DocumentBody;
  /** The sharing that it comes through, where the account was invited to it: what else came through it may lie there. */
  readonly through?: string | null;
}

/** Whether a write reaches further than its document: a setting of the account, or what `becomesFolderOfOthers`. */
async function reachesFurther(
  db: Db,
  { rules, onlyThrough }: Pick<Access, "rules" | "onlyThrough">,
  { verb, ...change }: Change & { readonly verb: Verb },
): Promise<boolean> {
  if (onlyThrough !== null) return change.key.doctype === settingsType;
  const isAll = rules.some(({ type, verbs, values }) => {
    return type === change.key.doctype && verbs.includes(verb) && values.length === 0;
  });
  return !isAll && becomesFolderOfOthers(db, change);
}

/**
 * Whether a document becomes a folder that others name as theirs already: the account's topmost folder, which need not be kept
 * here, or one that is gone. Put into a shared folder it would open all of them.
 */
export async function becomesFolderOfOthers(
  db: Db,
  { key, known, after, through = null }: Change,
): Promise<boolean> {
  if (!isFolder(key.doctype, after)) return false;
  if (known?.is_deleted === 0 && isFolder(key.doctype, bodyOf(known))) return false;
  return liesAnythingIn(db, key, through);
}

/** Whether the rules open what stands there. */
export async function isOpen(
  db: Db,
  access: Pick<Access, "rules" | "onlyThrough">,
  {
    key,
    verb,
    row,
  }: {
    readonly key: DocumentKey;
    readonly verb: Verb;
    readonly row: Pick<CozyDocumentRow, "body_json" | "received_through">;
  },
): Promise<boolean> {
  if (!(await isHis(db, access, row))) return false;
  return opens(access.rules, verb, await factsFor(db, access, key, bodyOf(row)));
}

/** Somebody who shares with the account reaches what he sent, by whichever of his sharings, and nothing of its own. */
async function isHis(
  db: Db,
  { onlyThrough }: Pick<Access, "onlyThrough">,
  { received_through: through }: Pick<CozyDocumentRow, "received_through">,
): Promise<boolean> {
  if (onlyThrough === null || through === onlyThrough) return true;
  if (through === null) return false;
  const [one, other] = [await sharerOf(db, onlyThrough), await sharerOf(db, through)];
  return one !== null && one === other;
}

/** `https://host[:port]` of who shares with the account. */
async function sharerOf(db: Db, cozySharingId: string): Promise<string | null> {
  const [sharer] = await cozyMembersOf(db, cozySharingId);
  return sharer?.instance_url ?? null;
}

async function factsFor(
  db: Db,
  access: Pick<Access, "onlyThrough">,
  key: DocumentKey,
  body: DocumentBody,
): Promise<DocumentFacts> {
  const folders = await foldersAbove(db, key, body, async (row) => isHis(db, access, row));
  return factsOf({ type: key.doctype, id: key.id }, body, folders);
}

function notOpen({ doctype }: DocumentKey, verb: Verb): JsonApiError {
  return new JsonApiError(403, {
    detail: `The token's permissions do not hold ${verb} on this document of ${doctype}.`,
  });
}

/** What permissions ask about a document with this body. */
export async function documentFacts(db: Db, key: DocumentKey, body: DocumentBody): Promise<DocumentFacts> {
  return factsOf(
    { type: key.doctype, id: key.id },
    body,
    await foldersAbove(db, key, body, async () => true),
  );
}

/** Ids of the folders that a document lies in, the nearest first, up to one that does not count; at most limits.cozyFolders. */
async function foldersAbove(
  db: Db,
  key: DocumentKey,
  body: DocumentBody,
  counts: (row: CozyDocumentRow) => Promise<boolean>,
): Promise<readonly string[]> {
  const folders: string[] = [];
  let above = folderOf(key.doctype, body);
  while (above !== null && !folders.includes(above) && folders.length < limits.cozyFolders) {
    const row = await readDocument(db, { ...key, id: above });
    if (row !== undefined && !(await counts(row))) break;
    folders.push(above);
    const folder = row === undefined ? {} : bodyOf(row);
    above = isFolder(key.doctype, folder) ? folderOf(key.doctype, folder) : null;
  }
  return folders;
}

/** The body of a row. */
export function bodyOf({ body_json: text }: Pick<CozyDocumentRow, "body_json">): DocumentBody {
  const body: unknown = JSON.parse(text);
  return isObject(body) ? body : {};
}
