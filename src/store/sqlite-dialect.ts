import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  type RootOperationNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { limits } from "../domain/limits.ts";
import { openSqlite, type SqliteHandle } from "./sqlite-handle.ts";
import { StoreError } from "./store-error.ts";
import { refuseInsideTransaction, requireScope } from "./transaction-scope.ts";

/**
 * Kysely on the `sqlite3` package. Kysely's own SQLite dialect silently returns no rows with it
 * (reference/style.md, section 8). One connection; who asks first is served first.
 */
export function sqliteDialect(file: string): Dialect {
  return {
    createDriver: () => new SqliteDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new OneConnectionAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  };
}

/** The queue for the one connection stands in the driver, where a deadlock can be refused before it waits. */
class OneConnectionAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #file: string;
  readonly #turns = new Turns();
  #handle: SqliteHandle | null = null;
  #connection: DatabaseConnection | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    const handle = await openSqlite(this.#file);
    try {
      await handle.all(`pragma busy_timeout = ${limits.storeBusyMs}`);
      // FULL: a commit that is lost at power loss would be an effect done twice (reference/feasibility.md 2.1).
      await handle.all("pragma synchronous = full");
      await handle.all("pragma foreign_keys = on");
      // What was removed, a person above all, does not stay readable in the file.
      await handle.all("pragma secure_delete = on");
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    this.#connection = new SqliteConnection(handle);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    refuseInsideTransaction();
    await this.#turns.take();
    if (this.#connection !== null) return this.#connection;
    this.#turns.give();
    throw new StoreError("CLOSED", `Store ${this.#file} is closed.`);
  }

  async releaseConnection(): Promise<void> {
    this.#turns.give();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    requireScope();
    // A deferred transaction that starts to write later may fail at once, whatever the busy timeout.
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    } catch (error) {
      // After a full disk SQLite has rolled back by itself, and says so with this code.
      if (!(error instanceof StoreError && error.code === "SQLITE_ERROR")) throw error;
    }
  }

  async destroy(): Promise<void> {
    refuseInsideTransaction();
    await this.#turns.take();
    const handle = this.#handle;
    this.#handle = null;
    this.#connection = null;
    this.#turns.give();
    await handle?.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #handle: SqliteHandle;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
  }

  async executeQuery<R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> {
    if (givesRows(query)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely's port: the query's type says what its rows are.
      return { rows: (await this.#handle.all(sql, parameters)) as R[] };
    }
    const { changes, lastId } = await this.#handle.run(sql, parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastId) };
  }

  // oxlint-disable-next-line require-yield -- Kysely's port asks for a generator.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new StoreError("NO_STREAM", "This store does not stream rows; read them in pages.");
  }
}

/** Raw statements may be anything, and rows are lost where they are run as writes. */
function givesRows(query: RootOperationNode): boolean {
  if (query.kind === "SelectQueryNode" || query.kind === "RawNode") return true;
  return "returning" in query;
}

/** Hands out one turn at a time, in the order of asking. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  async take(): Promise<void> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
