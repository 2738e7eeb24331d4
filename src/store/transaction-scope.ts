import { AsyncLocalStorage } from "node:async_hooks";
import type { Kysely, Transaction } from "kysely";
import { StoreError } from "./store-error.ts";

/**
 * Knows which code runs inside a transaction. There is one connection: a query on the store's `db` inside
 * a transaction would wait for the transaction, which waits for the query. The dialect asks here and throws instead.
 */
interface Scope {
  state: "opening" | "open" | "closed";
  readonly afterCommit: (() => void)[];
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs `work` in one transaction; throws what it throws, after the rollback. */
export async function inTransaction<S, T>(
  db: Kysely<S>,
  work: (db: Transaction<S>) => Promise<T>,
): Promise<T> {
  refuseInsideTransaction();
  const scope: Scope = { state: "opening", afterCommit: [] };
  const result = await scopes.run(scope, async () =>
    db.transaction().execute(async (transaction) => {
      scope.state = "open";
      try {
        return await work(transaction);
      } finally {
        scope.state = "closed";
      }
    }),
  );
  for (const callback of scope.afterCommit) callback();
  return result;
}

/** Calls back when the transaction of the calling code has been committed; at once outside of one. */
export function afterCommit(callback: () => void): void {
  const scope = scopes.getStore();
  if (scope?.state === "open") scope.afterCommit.push(callback);
  else callback();
}

/** Throws StoreError IN_TRANSACTION where the calling code runs inside an open transaction. */
export function refuseInsideTransaction(): void {
  if (scopes.getStore()?.state !== "open") return;
  throw new StoreError(
    "IN_TRANSACTION",
    "The store's own db was used inside a transaction, which would wait for itself; use the transaction's db.",
  );
}

/** Throws StoreError OUTSIDE_SCOPE where a transaction is begun around the store. */
export function requireScope(): void {
  if (scopes.getStore()?.state === "opening") return;
  throw new StoreError(
    "OUTSIDE_SCOPE",
    "A transaction was begun with db.transaction(); use store.transaction(), which finds deadlocks.",
  );
}
