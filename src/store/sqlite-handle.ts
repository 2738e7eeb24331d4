import sqlite3 from "sqlite3";
import { StoreError, storeError } from "./store-error.ts";

/** What one statement gave. */
export interface RunResult {
  readonly changes: number;
  readonly lastId: number;
}

/** One raw connection to an SQLite file, with promises. It has no mutex: one caller at a time. */
export interface SqliteHandle {
  /** For reads, RETURNING and PRAGMA. `sqlite3` runs only the first statement of a text. */
  all(sql: string, parameters?: readonly unknown[]): Promise<unknown[]>;
  /** For plain writes. */
  run(sql: string, parameters?: readonly unknown[]): Promise<RunResult>;
  close(): Promise<void>;
}

/** Opens an existing file. Throws StoreError. */
export async function openSqlite(file: string, access: "read" | "write" = "write"): Promise<SqliteHandle> {
  const mode = access === "read" ? sqlite3.OPEN_READONLY : sqlite3.OPEN_READWRITE;
  const opened = Promise.withResolvers<undefined>();
  const database = new sqlite3.Database(file, mode, (error) => settle(opened, error, file));
  await opened.promise;
  return {
    all: async (sql, parameters = []) => {
      const done = Promise.withResolvers<unknown[]>();
      database.all<unknown>(sql, bindable(parameters), (error, rows) => settle(done, error, file, rows));
      return done.promise;
    },
    run: async (sql, parameters = []) => {
      const done = Promise.withResolvers<RunResult>();
      database.run(sql, bindable(parameters), function ran(error) {
        settle(done, error, file, { changes: this.changes, lastId: this.lastID });
      });
      return done.promise;
    },
    close: async () => {
      const done = Promise.withResolvers<undefined>();
      database.close((error) => settle(done, error, file));
      return done.promise;
    },
  };
}

function settle(done: PromiseWithResolvers<undefined>, error: Error | null, file: string): void;
function settle<T>(done: PromiseWithResolvers<T>, error: Error | null, file: string, value: T): void;
function settle<T>(
  done: PromiseWithResolvers<T | undefined>,
  error: Error | null,
  file: string,
  value?: T,
): void {
  if (error === null) done.resolve(value);
  else done.reject(storeError(file, error));
}

/**
 * `sqlite3` binds a bigint as NULL and an object as "[object Object]", silently (reference/feasibility.md 2.1).
 * Booleans are refused as well: the columns are integers, and what is written should read back the same.
 */
function bindable(parameters: readonly unknown[]): readonly unknown[] {
  for (const [index, value] of parameters.entries()) {
    const problem = bindProblem(value);
    if (problem === null) continue;
    throw new StoreError("BAD_PARAMETER", `Parameter ${index + 1} of a statement is ${problem}.`);
  }
  return parameters;
}

function bindProblem(value: unknown): string | null {
  if (value === null || typeof value === "string" || Buffer.isBuffer(value)) return null;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `${value}; store null or a finite number`;
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) return "an integer beyond 2^53; store text";
    return null;
  }
  if (typeof value === "boolean") return "a boolean; store 0 or 1";
  if (typeof value === "bigint") return "a bigint; store a number or text";
  if (value === undefined) return "undefined; store null";
  return `of type ${typeof value}; store text, a number, null or a Buffer`;
}
