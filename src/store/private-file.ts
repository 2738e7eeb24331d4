import { link, open, stat, unlink } from "node:fs/promises";
import { newId } from "./ids.ts";
import { StoreError, storeError } from "./store-error.ts";

/**
 * Makes an empty file that only its owner may read, unless there is one; the directory must exist. Throws StoreError.
 *
 * The file gets its name after it was closed: closing any descriptor of a database drops the locks that this process
 * holds on it through SQLite (POSIX fcntl locks belong to the process).
 */
export async function createPrivateFile(file: string): Promise<void> {
  if (await isFile(file)) return;
  const fresh = `${file}.${newId("new-")}`;
  try {
    const handle = await open(fresh, "wx", 0o600);
    await handle.close();
    try {
      await link(fresh, file);
    } finally {
      await unlink(fresh);
    }
  } catch (error) {
    // Another process made it at the same moment.
    if (storeError(file, error).code !== "EEXIST") throw storeError(file, error);
  }
}

/** Whether there is a file with this name. Throws StoreError where it is a directory or cannot be looked at. */
export async function isFile(file: string): Promise<boolean> {
  try {
    if (!(await stat(file)).isDirectory()) return true;
  } catch (error) {
    if (storeError(file, error).code === "ENOENT") return false;
    throw storeError(file, error);
  }
  throw new StoreError("EISDIR", `Store ${file} is a directory; name a file in it under store.file.`);
}
