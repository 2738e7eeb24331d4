import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "./wire.ts";

export interface StoredDocument {
  readonly id: string;
  /** As CouchDB has it: a count, a dash, 32 hexadecimal digits. */
  readonly rev: string;
  /** Without `_id` and `_rev`. */
  readonly value: JsonObject;
}

/** The documents of one Cozy by doctype and id; a doctype has a database from its first document on. */
export class Documents {
  readonly #databases = new Map<string, Map<string, StoredDocument>>();

  has(doctype: string): boolean {
    return this.#databases.has(doctype);
  }

  get(doctype: string, id: string): StoredDocument | null {
    return this.#databases.get(doctype)?.get(id) ?? null;
  }

  all(doctype: string): readonly StoredDocument[] {
    return [...(this.#databases.get(doctype)?.values() ?? [])];
  }

  /** Creates or replaces a document. */
  put(doctype: string, id: string, value: JsonObject): StoredDocument {
    const count = Number(this.get(doctype, id)?.rev.split("-")[0] ?? 0) + 1;
    const stored: StoredDocument = { id, rev: `${count}-${newId()}`, value: withoutOwnFields(value) };
    const database = this.#databases.get(doctype) ?? new Map<string, StoredDocument>();
    this.#databases.set(doctype, database.set(id, stored));
    return stored;
  }

  remove(doctype: string, id: string): void {
    this.#databases.get(doctype)?.delete(id);
  }
}

function withoutOwnFields(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "_id" && name !== "_rev"));
}

export function saysTheSame(some: JsonObject, other: JsonObject): boolean {
  return isDeepStrictEqual(withoutOwnFields(some), withoutOwnFields(other));
}

/** An id in the form of CouchDB's. */
export function newId(): string {
  return randomBytes(16).toString("hex");
}
