import { type DocumentBody, folderOf } from "../../domain/cozy-document.ts";
import { type DocumentEvent, propagates } from "../../domain/cozy-propagation.ts";
import { limits } from "../../domain/limits.ts";
import type { JobQueue } from "../../jobs/queue.ts";
import {
  countDocuments,
  type CozyDocumentRow,
  type DocumentKey,
  readDocument,
  writeDocument,
} from "../../store/cozy-documents.ts";
import { cozyMembersOf, cozySharingsOf, type CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { becomesFolderOfOthers, bodyOf, documentFacts } from "./access.ts";

/** What is written, and where it came from. */
export interface Writing {
  /** Without `_id` and `_rev`. */
  readonly body: DocumentBody;
  /** Of a file; `keep`: what is there already. */
  readonly content: Buffer | null | "keep";
  readonly isDeleted: boolean;
  /** The revision that replication brought; null makes the next one. */
  readonly revision: string | null;
  /** The sharing and its member that sent it; null for the account's own. The member is not told of what he said. */
  readonly from: { readonly cozySharingId: string; readonly memberId: string } | null;
}

export type Written =
  | { readonly kind: "written"; readonly revision: string; readonly isNew: boolean }
  | { readonly kind: "full" }
  /** Somebody who shares with the account would take in documents of others by it. */
  | { readonly kind: "closed" };

/**
 * Writes a document and plans, in the same transaction, what members of sharings hear of it: a `tell-member` job with the step
 * `document`, `doctype` and `id` for each whose Cozy this account has a token for. Says nothing about who may write.
 */
export async function putDocument(
  db: Db,
  key: DocumentKey,
  writing: Writing,
  { queue }: { readonly queue: JobQueue },
): Promise<Written> {
  const known = await readDocument(db, key);
  if (known === undefined && (await countDocuments(db, key.accountId)) >= limits.cozyDocuments) {
    return { kind: "full" };
  }
  if (await takesInOthers(db, key, writing, known)) return { kind: "closed" };
  const before = known?.is_deleted === 0 ? bodyOf(known) : null;
  const { from, isDeleted } = writing;
  const revision = await writeDocument(db, key, { ...rowOf(writing, known), revision: writing.revision });
  const change = { key, event: eventOf(before !== null, isDeleted), except: from?.memberId ?? null };
  await planChange(db, { ...change, bodies: [before ?? writing.body, writing.body] }, queue);
  return { kind: "written", revision, isNew: before === null };
}

async function takesInOthers(
  db: Db,
  key: DocumentKey,
  { body, isDeleted, from }: Writing,
  known: CozyDocumentRow | undefined,
): Promise<boolean> {
  if (from === null || isDeleted) return false;
  return becomesFolderOfOthers(db, { key, known, after: body, through: from.cozySharingId });
}

/**
 * What somebody who shares with the account sends, without a folder of it that is not his: he would put a document among the
 * account's own, and into whatever it shares of those.
 */
export async function withoutOwnFolder(
  db: Db,
  key: DocumentKey,
  body: DocumentBody,
  cozySharingId: string,
): Promise<DocumentBody> {
  const id = folderOf(key.doctype, body);
  const folder = id === null ? undefined : await readDocument(db, { ...key, id });
  if (folder === undefined || folder.received_through === cozySharingId) return body;
  const { dir_id: _, ...rest } = body;
  return rest;
}

/** What came through a sharing stays of it, also where the account itself changes it. */
function rowOf({ body, content, isDeleted, from }: Writing, known: CozyDocumentRow | undefined) {
  return {
    body,
    content: content === "keep" ? (known?.content ?? null) : content,
    isDeleted,
    receivedThrough: from === null ? (known?.received_through ?? null) : from.cozySharingId,
  };
}

function eventOf(stood: boolean, isDeleted: boolean): DocumentEvent {
  if (isDeleted) return "DELETED";
  return stood ? "UPDATED" : "CREATED";
}

interface Change {
  readonly key: DocumentKey;
  /** Before and after: what leaves a sharing with this change is told to it, too. */
  readonly bodies: readonly DocumentBody[];
  readonly event: DocumentEvent;
  readonly except: string | null;
}

async function planChange(db: Db, change: Change, queue: JobQueue): Promise<void> {
  const { key, event } = change;
  const facts = await Promise.all(change.bodies.map(async (body) => documentFacts(db, key, body)));
  for (const sharing of await cozySharingsOf(db, key.accountId)) {
    if (sharing.is_active === 0) continue;
    const about = propagating(sharing);
    if (!facts.some((document) => propagates(about, event, document))) continue;
    for (const member of await cozyMembersOf(db, sharing.id)) {
      if (member.token_sealed === null || member.id === change.except) continue;
      const { doctype, id } = key;
      await queue.enqueue(db, {
        kind: "tell-member",
        subject: member.id,
        lane: `cozy/${member.instance_url ?? ""}`,
        uniqueKey: `document/${member.id}/${doctype}/${id}`,
        payload: { step: "document", doctype, id },
      });
    }
  }
}

function propagating({
  generation,
  sharing_type: sharingType,
  is_owner: owner,
  rules_json: rules,
}: CozySharingRow) {
  return { generation, sharingType, isOwner: owner === 1, rules: JSON.parse(rules) as unknown };
}
