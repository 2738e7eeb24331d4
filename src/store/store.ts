import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.ts";

/** A connection or a transaction: what repositories take. */
export type Db = Kysely<Schema> | Transaction<Schema>;
