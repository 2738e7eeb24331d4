import { createHash } from "node:crypto";
import { type Selectable, sql } from "kysely";
import { limits } from "../domain/limits.ts";
import type { CozyDocumentTable } from "./instance-tables.ts";
import type { Db } from "./store.ts";

export type CozyDocumentRow = Selectable<CozyDocumentTable>;

/** Which document. */
export interface DocumentKey {
  readonly accountId: string;
  readonly doctype: string;
  readonly id: string;
}

/** All that have this id, whatever their type, deleted ones too: the platform before cozy-stack knew ids alone. */
export async function documentsWithId(
  db: Db,
  accountId: string,
  id: string,
): Promise<readonly CozyDocumentRow[]> {
  const query = db.selectFrom("cozy_document").selectAll().where("account_id", "=", accountId);
  return query.where("document_id", "=", id).execute();
}

/** Deleted ones too: CouchDB keeps them as stubs. */
export async function readDocument(db: Db, key: DocumentKey): Promise<CozyDocumentRow | undefined> {
  return db
    .selectFrom("cozy_document")
    .selectAll()
    .where("account_id", "=", key.accountId)
    .where("doctype", "=", key.doctype)
    .where("document_id", "=", key.id)
    .executeTakeFirst();
}

/** How many documents an account has, stubs of deleted ones included. */
export async function countDocuments(db: Db, accountId: string): Promise<number> {
  const { n } = await db
    .selectFrom("cozy_document")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("account_id", "=", accountId)
    .executeTakeFirstOrThrow();
  return n;
}

/** Some documents of a type after an id, by id, without content; deleted ones are left out. */
export async function documentsOfType(
  db: Db,
  { accountId, doctype, afterId }: Omit<DocumentKey, "id"> & { readonly afterId: string },
  limit: number,
): Promise<readonly Omit<CozyDocumentRow, "content" | "ancestors">[]> {
  return db
    .selectFrom("cozy_document")
    .select(["account_id", "doctype", "document_id", "revision", "body_json"])
    .select(["is_deleted", "received_through", "updated_at"])
    .where("account_id", "=", accountId)
    .where("doctype", "=", doctype)
    .where("document_id", ">", afterId)
    .where("is_deleted", "=", 0)
    .orderBy("document_id")
    .limit(limit)
    .execute();
}

/** What came through a sharing and still stands. */
export async function documentsReceived(db: Db, cozySharingId: string): Promise<readonly CozyDocumentRow[]> {
  return db
    .selectFrom("cozy_document")
    .selectAll()
    .where("received_through", "=", cozySharingId)
    .where("is_deleted", "=", 0)
    .orderBy("doctype")
    .orderBy("document_id")
    .execute();
}

/** A document without its content. */
export interface DocumentHead extends Omit<CozyDocumentRow, "content"> {
  /** Bytes; null where it has no content. */
  readonly content_bytes: number | null;
}

/** What came through a sharing and still stands, without content; at most `limit`, by id. */
export async function documentHeadsReceived(
  db: Db,
  cozySharingId: string,
  limit: number,
): Promise<readonly DocumentHead[]> {
  return db
    .selectFrom("cozy_document")
    .select(["account_id", "doctype", "document_id", "revision", "ancestors", "body_json"])
    .select(["is_deleted", "received_through", "updated_at"])
    .select((row) => row.fn<number | null>("length", ["content"]).as("content_bytes"))
    .where("received_through", "=", cozySharingId)
    .where("is_deleted", "=", 0)
    .orderBy("doctype")
    .orderBy("document_id")
    .limit(limit)
    .execute();
}

/** Ids and bodies of all documents of a type, by id, without content; deleted ones are left out. */
export async function documentBodies(
  db: Db,
  accountId: string,
  doctype: string,
): Promise<readonly Pick<CozyDocumentRow, "document_id" | "body_json">[]> {
  return db
    .selectFrom("cozy_document")
    .select(["document_id", "body_json"])
    .where("account_id", "=", accountId)
    .where("doctype", "=", doctype)
    .where("is_deleted", "=", 0)
    .orderBy("document_id")
    .execute();
}

/**
 * Whether a document that stands names this one as the folder that it lies in; what came through the sharing `except` does not
 * count.
 */
export async function liesAnythingIn(
  db: Db,
  { accountId, doctype, id }: DocumentKey,
  except: string | null,
): Promise<boolean> {
  const named = `"dir_id":${JSON.stringify(id)}`.replaceAll(/[\\%_]/g, (letter) => `\\${letter}`);
  let query = db.selectFrom("cozy_document").select("document_id");
  if (except !== null) {
    query = query.where((row) =>
      row.or([row("received_through", "is", null), row("received_through", "!=", except)]),
    );
  }
  const found = await query
    .where("account_id", "=", accountId)
    .where("doctype", "=", doctype)
    .where("is_deleted", "=", 0)
    .where(sql<boolean>`body_json like ${`%${named}%`} escape '\\'`)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

export interface WrittenDocument {
  readonly body: Readonly<Record<string, unknown>>;
  readonly content: Buffer | null;
  readonly isDeleted: boolean;
  readonly receivedThrough: string | null;
  /** The revision to take over, as replication does; null makes the next one. */
  readonly revision: string | null;
}

/** Writes a document over what stands there, and gives its revision. */
export async function writeDocument(
  db: Db,
  key: DocumentKey,
  { body, content, isDeleted, receivedThrough, revision }: WrittenDocument,
): Promise<string> {
  const known = await readDocument(db, key);
  const text = JSON.stringify(body);
  const next = revision ?? nextRevision(known?.revision ?? null, text);
  const row = {
    revision: next,
    ancestors: known === undefined || known.revision === next ? (known?.ancestors ?? "") : ancestryOf(known),
    body_json: text,
    content,
    is_deleted: isDeleted ? 1 : 0,
    received_through: receivedThrough,
    updated_at: Date.now(),
  };
  await db
    .insertInto("cozy_document")
    .values({ account_id: key.accountId, doctype: key.doctype, document_id: key.id, ...row })
    .onConflict((conflict) => conflict.columns(["account_id", "doctype", "document_id"]).doUpdateSet(row))
    .execute();
  return next;
}

/** A revision and those before it, as the next one keeps them. */
function ancestryOf({ revision, ancestors }: Pick<CozyDocumentRow, "revision" | "ancestors">): string {
  return [revision, ...ancestors.split(" ")]
    .filter((each) => each !== "")
    .slice(0, limits.cozyAncestors)
    .join(" ");
}

/** CouchDB's form: how often it was written, and a hash. */
function nextRevision(known: string | null, text: string): string {
  const [count = "0"] = known?.split("-") ?? [];
  const hash = createHash("md5")
    .update(`${known ?? ""}\0${text}`)
    .digest("hex");
  return `${Number(count) + 1}-${hash}`;
}
