import { Kysely, sql, type Transaction } from "kysely";
import { migrate, requireCurrentSchema } from "./migrate.ts";
import { createPrivateFile, isFile } from "./private-file.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { StoreError } from "./store-error.ts";
import { inTransaction } from "./transaction-scope.ts";

/** A connection or a transaction: what repositories take. */
export type Db = Kysely<Schema> | Transaction<Schema>;

/** One open database file. Failures are StoreError. */
export interface Store extends AsyncDisposable {
  readonly file: string;
  /** For single statements; inside a transaction it throws, see transaction-scope.ts. */
  readonly db: Kysely<Schema>;
  /** All of `work` or nothing, also when the process is killed. Starts with the write lock. */
  transaction<T>(work: (db: Transaction<Schema>) => Promise<T>): Promise<T>;
}

/**
 * Opens the store; makes the file, readable for its owner only, where there is none, and brings its schema up to date.
 * With `migrate: false` it does neither and throws where that would be needed. The directory must exist.
 */
export async function openStore(file: string, options: { readonly migrate?: boolean } = {}): Promise<Store> {
  const mayChange = options.migrate ?? true;
  if (mayChange) await createPrivateFile(file);
  else if (!(await isFile(file))) throw missing(file);
  const db = new Kysely<Schema>({ dialect: sqliteDialect(file) });
  try {
    if (mayChange) await migrate(db, file);
    else await requireCurrentSchema(db, file);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    file,
    db,
    transaction: async (work) => inTransaction(db, work),
    [Symbol.asyncDispose]: async () => db.destroy(),
  };
}

/** SQLite's own look at the file, before a daemon trusts it. Throws StoreError where it is damaged. */
export async function requireSound(store: Store): Promise<void> {
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(3)`.execute(store.db);
  const problems = rows.map((row) => row.quick_check).filter((line) => line !== "ok");
  if (problems.length === 0) return;
  throw new StoreError(
    "SQLITE_CORRUPT",
    `Store ${store.file} is damaged (${problems.join("; ")}); stop Usher, move the file away together with ` +
      "its -wal and -shm files, and put a backup in its place.",
  );
}

function missing(file: string): StoreError {
  return new StoreError("ENOENT", `Store ${file} does not exist yet; start \`usher serve\`, which makes it.`);
}
