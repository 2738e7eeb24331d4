import type { Transaction } from "kysely";
import type { Answers } from "./http/server/parts.ts";
import { accept, checkNow, ignore, leave, refuse, whyNotAccepted } from "./receiving/answer.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import type { Schema } from "./store/schema.ts";

/** The answers that the server passes on. `receiving` is asked for with the first one, so that an idle server is small. */
export function servingAnswers(receiving: () => Promise<ReceivingParts>): Answers {
  return {
    accept: async (db, id, answer) => accept(within(db, await receiving()), id, answer),
    ignore: async (db, id, answer) => ignore(within(db, await receiving()), id, answer),
    refuse: async (db, id, answer) => refuse(within(db, await receiving()), id, answer),
    check: async (db, id, password) => checkNow(within(db, await receiving()), id, password),
    leave: async (db, id, by) => leave(within(db, await receiving()), id, by),
    whyNotAccepted: async (row) => whyNotAccepted(row, await receiving()),
  };
}

/** Answers in the transaction that runs already: what permits the answer, such as a page's secret, is used up with it. */
function within(db: Transaction<Schema>, parts: ReceivingParts): ReceivingParts {
  const joined: ReceivingParts["store"] = {
    file: parts.store.file,
    db,
    transaction: async (work) => work(db),
    // Whoever began the transaction closes the store.
    [Symbol.asyncDispose]: async () => {},
  };
  return { ...parts, store: joined };
}
