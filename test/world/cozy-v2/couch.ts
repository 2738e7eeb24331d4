import { createHash, randomBytes } from "node:crypto";
import { Failure, type Fields, isObject, textOf } from "./wire.ts";

/** A document as it stands. */
export interface Stored {
  readonly id: string;
  readonly rev: string;
  readonly fields: Fields;
}

/** A leaf of a document's revisions. */
interface Leaf {
  /** Revisions, the own one first. */
  readonly history: readonly string[];
  readonly fields: Fields;
  readonly isDeleted: boolean;
}

/** A revision as replications carry it. */
export interface Carried {
  readonly id: string;
  readonly rev: string;
  /** With `_id`, `_rev`, `_revisions`, and `_deleted` where it is. */
  readonly document: Fields;
}

export interface Change {
  readonly seq: number;
  readonly id: string;
  readonly revs: readonly string[];
  readonly isDeleted: boolean;
}

/** What happened to the current state of a document. */
export interface Event {
  readonly id: string;
  readonly kind: "create" | "update" | "delete";
  /** The fields that count now, or before a deletion. */
  readonly fields: Fields;
}

export type Operation = "save" | "merge" | "remove" | "repID";

/** The database of a Cozy: documents with their revisions, as far as sharing and its replications look at them. */
export class Couch {
  readonly #documents = new Map<string, Map<string, Leaf>>();
  readonly #changed = new Map<string, number>();
  readonly #local = new Map<string, Fields>();
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #broken = new Map<Operation, number>();
  #seq = 0;

  get seq(): number {
    return this.#seq;
  }

  /** The next so many operations of this kind fail. */
  break(operation: Operation, times: number): void {
    this.#broken.set(operation, times);
  }

  /** Whether this operation fails now. */
  isBroken(operation: Operation): boolean {
    const left = this.#broken.get(operation) ?? 0;
    this.#broken.set(operation, Math.max(0, left - 1));
    return left > 0;
  }

  listen(listener: (event: Event) => void): void {
    this.#listeners.add(listener);
  }

  find(id: string): Stored | null {
    const leaf = winner(this.#documents.get(id));
    return leaf === null || leaf.isDeleted ? null : shown(id, leaf);
  }

  get(id: string): Stored {
    const found = this.find(id);
    if (found !== null) return found;
    throw new Failure(404, `not_found: ${this.#documents.has(id) ? "deleted" : "missing"}`);
  }

  all(): readonly Stored[] {
    return [...this.#documents.keys()].flatMap((id) => this.find(id) ?? []);
  }

  save(fields: Fields): Stored {
    this.#work("save");
    const id = typeof fields["_id"] === "string" ? fields["_id"] : randomBytes(16).toString("hex");
    if (this.find(id) !== null) throw new Failure(409, "conflict: Document update conflict.");
    return this.#write(id, fields, false);
  }

  /** Fields that are `undefined` go. */
  merge(id: string, fields: Fields): Stored {
    this.#work("merge");
    return this.#write(id, { ...this.get(id).fields, ...fields }, false);
  }

  remove(id: string): void {
    this.#work("remove");
    this.get(id);
    this.#write(id, {}, true);
  }

  /** The leaves of a document, with their histories. */
  leaves(id: string): readonly Carried[] {
    return [...(this.#documents.get(id)?.values() ?? [])].map((leaf) => {
      const stored = shown(id, leaf);
      const ids = leaf.history.map((rev) => rev.slice(rev.indexOf("-") + 1));
      const document = {
        ...whole(stored),
        ...(leaf.isDeleted ? { _deleted: true } : {}),
        _revisions: { start: generation(stored.rev), ids },
      };
      return { id, rev: stored.rev, document };
    });
  }

  /** Those of the revisions that are not known. */
  missing(id: string, revs: readonly string[]): readonly string[] {
    const known = new Set([...(this.#documents.get(id)?.values() ?? [])].flatMap((leaf) => leaf.history));
    return revs.filter((rev) => !known.has(rev));
  }

  /** Takes a document with its history over (`new_edits: false`); null where it is none. */
  take(document: Fields): Stored | null {
    const { _id: id, _rev: rev, _revisions: revisions, _deleted: deleted, ...fields } = document;
    if (typeof id !== "string" || id === "" || typeof rev !== "string") return null;
    const history = readHistory(rev, revisions);
    if (history === null) return null;
    const leaf = { history, fields, isDeleted: deleted === true };
    if (this.missing(id, [rev]).length > 0) this.#keep(id, rev, leaf);
    return shown(id, leaf);
  }

  changes(since: number, ids: readonly string[] | null): readonly Change[] {
    return [...this.#changed]
      .filter(([id, seq]) => seq > since && (ids === null || ids.includes(id)))
      .map(([id, seq]) => {
        const leaves = this.#documents.get(id) ?? new Map<string, Leaf>();
        return { seq, id, revs: [...leaves.keys()], isDeleted: winner(leaves)?.isDeleted === true };
      });
  }

  local(id: string): Fields | null {
    return this.#local.get(id) ?? null;
  }

  /** The new revision of a local document, or null in a conflict. */
  putLocal(id: string, fields: Fields): string | null {
    const known = textOf(this.#local.get(id)?.["_rev"]);
    if (known !== "" && fields["_rev"] !== known) return null;
    const rev = `0-${Number(known.slice(2)) + 1}`;
    this.#local.set(id, { ...fields, _id: `_local/${id}`, _rev: rev });
    return rev;
  }

  #work(operation: Operation): void {
    if (this.isBroken(operation)) throw new Failure(500, `The database failed to ${operation}.`);
  }

  #write(id: string, changed: Fields, isDeleted: boolean): Stored {
    const given = Object.entries(changed).filter(
      ([name, value]) => value !== undefined && !["_id", "_rev"].includes(name),
    );
    const fields = Object.fromEntries(given);
    const before = winner(this.#documents.get(id))?.history ?? [];
    const hash = createHash("md5")
      .update(JSON.stringify([before, fields, isDeleted]))
      .digest("hex");
    const rev = `${generation(before[0] ?? "0-") + 1}-${hash}`;
    const leaf = { history: [rev, ...before], fields, isDeleted };
    this.#keep(id, rev, leaf);
    return shown(id, leaf);
  }

  #keep(id: string, rev: string, leaf: Leaf): void {
    const leaves = this.#documents.get(id) ?? new Map<string, Leaf>();
    const before = winner(leaves);
    for (const known of leaf.history) leaves.delete(known);
    leaves.set(rev, leaf);
    this.#documents.set(id, leaves);
    this.#seq += 1;
    this.#changed.delete(id);
    this.#changed.set(id, this.#seq);
    const event = eventBetween(id, before, winner(leaves));
    if (event !== null) for (const listener of this.#listeners) listener(event);
  }
}

function eventBetween(id: string, before: Leaf | null, after: Leaf | null): Event | null {
  const was = before === null || before.isDeleted ? null : before;
  if (after === null || after.isDeleted) {
    return was === null ? null : { id, kind: "delete", fields: was.fields };
  }
  return { id, kind: was === null ? "create" : "update", fields: after.fields };
}

function generation(rev: string): number {
  return Number.parseInt(rev, 10);
}

/** Living leaves win, then the longer history, then the higher revision. */
function winner(leaves: ReadonlyMap<string, Leaf> | undefined): Leaf | null {
  const sorted = [...(leaves?.values() ?? [])].toSorted((one, other) => {
    if (one.isDeleted !== other.isDeleted) return one.isDeleted ? 1 : -1;
    const [oneRev, otherRev] = [one.history[0] ?? "", other.history[0] ?? ""];
    return generation(otherRev) - generation(oneRev) || (oneRev < otherRev ? 1 : -1);
  });
  return sorted[0] ?? null;
}

function shown(id: string, leaf: Leaf): Stored {
  return { id, rev: leaf.history[0] ?? "", fields: leaf.fields };
}

/** A document as CouchDB shows it. */
export function whole({ id, rev, fields }: Stored): Fields {
  return { ...fields, _id: id, _rev: rev };
}

function readHistory(rev: string, revisions: unknown): readonly string[] | null {
  if (!/^[1-9]\d*-\S+$/.test(rev)) return null;
  if (revisions === undefined) return [rev];
  if (!isObject(revisions)) return null;
  const { start, ids } = revisions;
  if (typeof start !== "number" || !Array.isArray(ids) || ids.length > start) return null;
  const history = ids.map((hash, index) => `${start - index}-${String(hash)}`);
  return history[0] === rev ? history : null;
}
