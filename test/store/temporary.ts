import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "../../src/store/store.ts";

/** A directory that is removed with all it holds. */
export async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "usher-store-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

/** An open store of its own; `again` opens the same file once more. */
export async function temporaryStore(): Promise<Store & { readonly again: () => Promise<Store> }> {
  const directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  const store = await openStore(file);
  return {
    ...store,
    again: async () => openStore(file),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
