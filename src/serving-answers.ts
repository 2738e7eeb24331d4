import type { Transaction } from "kysely";
import type { Answers } from "./http/server/parts.ts";
import { joinedStore } from "./joined-store.ts";
import { accept, checkNow, ignore, leave, refuse, whyNotAccepted } from "./receiving/answer.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import type { Schema } from "./store/schema.ts";

/** The answers that the server passes on to the receiving flow. */
export function servingAnswers(parts: ReceivingParts): Answers {
  return {
    accept: async (db, id, answer) => accept(within(db, parts), id, answer),
    ignore: async (db, id, answer) => ignore(within(db, parts), id, answer),
    refuse: async (db, id, answer) => refuse(within(db, parts), id, answer),
    check: async (db, id, password) => checkNow(within(db, parts), id, password),
    leave: async (db, id, by) => leave(within(db, parts), id, by),
    whyNotAccepted: (row) => whyNotAccepted(row, parts),
  };
}

/** Answers in the transaction that runs already: what permits the answer, such as a page's secret, is used up with it. */
function within(db: Transaction<Schema>, parts: ReceivingParts): ReceivingParts {
  return { ...parts, store: joinedStore(db, parts.store) };
}
