import { type Kysely, sql } from "kysely";
import { firstLight } from "./migrations/001-first-light.ts";
import { judgement } from "./migrations/002-judgement.ts";
import { fateOfMail } from "./migrations/003-fate-of-mail.ts";
import { instances } from "./migrations/004-instances.ts";
import { openCloudMesh } from "./migrations/005-open-cloud-mesh.ts";
import { registeringNetworks } from "./migrations/006-registering-networks.ts";
import { contactGroups } from "./migrations/007-contact-groups.ts";
import type { Schema } from "./schema.ts";
import { StoreError } from "./store-error.ts";
import { inTransaction } from "./transaction-scope.ts";

/** Forward only, never changed once released. The number of a schema is the place of its migration, from 1. */
const migrations: readonly (readonly string[])[] = [
  firstLight,
  judgement,
  fateOfMail,
  instances,
  openCloudMesh,
  registeringNetworks,
  contactGroups,
];

/** "Ushr": tells the store from other SQLite files. */
const applicationId = 0x55736872;

/**
 * Brings the schema up to this program's, each step in a transaction of its own that looks again where it stands,
 * so that two processes can do this at once. Throws StoreError where the file is newer or not Usher's.
 */
export async function migrate(db: Kysely<Schema>, file: string): Promise<void> {
  await ownSchema(db, file);
  // Written into the file, so only once it is known to be Usher's.
  await sql`pragma journal_mode = wal`.execute(db);
  while ((await ownSchema(db, file)) < migrations.length) {
    await inTransaction(db, async (transaction) => {
      const reached = await readOwnSchema(transaction, file);
      const statements = migrations[reached];
      if (statements === undefined) return;
      for (const statement of statements) await sql.raw(statement).execute(transaction);
      await sql.raw(`pragma application_id = ${applicationId}`).execute(transaction);
      await sql.raw(`pragma user_version = ${reached + 1}`).execute(transaction);
    });
  }
}

/** Throws StoreError where the schema is not exactly this program's. */
export async function requireCurrentSchema(db: Kysely<Schema>, file: string): Promise<void> {
  const reached = await ownSchema(db, file);
  if (reached === migrations.length) return;
  throw new StoreError(
    "SCHEMA_OLD",
    `Store ${file} has schema ${reached}, but this program needs ${migrations.length}; start \`usher serve\`, which updates it.`,
  );
}

/** In a transaction: another process may be migrating between one look and the next. */
async function ownSchema(db: Kysely<Schema>, file: string): Promise<number> {
  return inTransaction(db, async (transaction) => readOwnSchema(transaction, file));
}

async function readOwnSchema(db: Kysely<Schema>, file: string): Promise<number> {
  const reached = await pragma(db, "user_version");
  const owner = await pragma(db, "application_id");
  const tables = await sql<{ n: number }>`select count(*) as n from sqlite_schema`.execute(db);
  const isEmpty = reached === 0 && owner === 0 && tables.rows[0]?.n === 0;
  if (!isEmpty && owner !== applicationId) {
    throw new StoreError(
      "FOREIGN",
      `Store ${file} is a database of another program; name another file under store.file.`,
    );
  }
  if (reached > migrations.length) {
    throw new StoreError(
      "SCHEMA_NEW",
      `Store ${file} has schema ${reached}, but this program knows only up to ${migrations.length}; ` +
        "install the newer Usher again, or restore the backup made before it.",
    );
  }
  return reached;
}

async function pragma(db: Kysely<Schema>, name: "user_version" | "application_id"): Promise<number> {
  const { rows } = await sql<Record<string, number>>`${sql.raw(`pragma ${name}`)}`.execute(db);
  return rows[0]?.[name] ?? 0;
}
