import { limits } from "../domain/limits.ts";
import { createPrivateFile, isFile } from "./private-file.ts";
import { openSqlite, type SqliteHandle } from "./sqlite-handle.ts";
import { StoreError } from "./store-error.ts";

/** Held while one daemon serves a store. */
export type InstanceLock = AsyncDisposable;

/**
 * Claims the store for this daemon; null where another one serves it. The claim is an exclusive transaction on a
 * small file beside the store: the operating system frees it with the process, also at SIGKILL.
 */
export async function lockInstance(storeFile: string): Promise<InstanceLock | null> {
  const file = lockFile(storeFile);
  await createPrivateFile(file);
  const handle = await openSqlite(file);
  try {
    // A command may be looking at this very moment, see isServing.
    await handle.all(`pragma busy_timeout = ${limits.instanceLockWaitMs}`);
    await handle.all("begin exclusive");
  } catch (error) {
    await handle.close();
    if (isLocked(error)) return null;
    throw error;
  }
  return { [Symbol.asyncDispose]: async () => handle.close() };
}

/** Whether a daemon serves this store now. Changes nothing. */
export async function isServing(storeFile: string): Promise<boolean> {
  const file = lockFile(storeFile);
  if (!(await isFile(file))) return false;
  const handle = await openSqlite(file, "read");
  try {
    await handle.all("pragma busy_timeout = 0");
    return await isReadLocked(handle);
  } finally {
    await handle.close();
  }
}

async function isReadLocked(handle: SqliteHandle): Promise<boolean> {
  try {
    await handle.all("select count(*) from sqlite_schema");
    return false;
  } catch (error) {
    if (isLocked(error)) return true;
    throw error;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof StoreError && error.code === "SQLITE_BUSY";
}

function lockFile(storeFile: string): string {
  return `${storeFile}.lock`;
}
