import type { Transaction } from "kysely";
import type { Schema } from "./store/schema.ts";
import type { Store } from "./store/store.ts";

/** A store whose transactions join the one that runs already: what permits an act is used up with it. */
export function joinedStore(db: Transaction<Schema>, { file }: Pick<Store, "file">): Store {
  return {
    file,
    db,
    transaction: async (work) => work(db),
    // Whoever began the transaction closes the store.
    [Symbol.asyncDispose]: async () => {},
  };
}
