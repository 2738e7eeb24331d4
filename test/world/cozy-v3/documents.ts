import { createHash, randomBytes } from "node:crypto";
import type { Rule } from "./model.ts";
import { Refusal } from "./wire.ts";

export interface StoredDocument {
  readonly doctype: string;
  readonly id: string;
  rev: string;
  /** Newest first, without the numbers. */
  history: readonly string[];
  fields: Readonly<Record<string, unknown>>;
  content: Buffer | null;
  isDeleted: boolean;
}

/** A revision that was made elsewhere. */
export interface Revision {
  readonly id: string;
  readonly rev: string;
  readonly isDeleted: boolean;
  /** Newest first, without the numbers. */
  readonly history: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

export const files = "io.cozy.files";
/** More directories above each other than any tree of a test has. */
const deepestTree = 50;

/** The documents of one Cozy with their revisions. */
export class Documents {
  readonly #all = new Map<string, StoredDocument>();

  get(doctype: string, id: string): StoredDocument | null {
    const found = this.#all.get(`${doctype}/${id}`);
    return found === undefined || found.isDeleted ? null : found;
  }

  list(doctype: string): readonly StoredDocument[] {
    return [...this.#all.values()].filter((each) => each.doctype === doctype && !each.isDeleted);
  }

  /** A new revision made here; `content` null leaves a file's content as it is. */
  write(doctype: string, id: string, fields: object, content: Buffer | null = null): StoredDocument {
    const known = this.#all.get(`${doctype}/${id}`);
    const history = [randomBytes(16).toString("hex"), ...(known?.history ?? [])];
    const kept = content ?? known?.content ?? null;
    const checksum = kept === null ? {} : { md5sum: md5(kept), size: `${kept.length}` };
    return this.#keep({
      doctype,
      id,
      rev: `${history.length}-${history[0]}`,
      history,
      fields: { ...known?.fields, ...fields, ...checksum },
      content: kept,
      isDeleted: false,
    });
  }

  remove(doctype: string, id: string): StoredDocument | null {
    if (this.get(doctype, id) === null) return null;
    const gone = this.write(doctype, id, {});
    return this.#keep({ ...gone, content: null, isDeleted: true });
  }

  /** Revisions that are not known here. */
  missing(doctype: string, id: string, revs: readonly string[]): readonly string[] {
    const known = this.#all.get(`${doctype}/${id}`);
    return revs.filter((rev) => known?.history.includes(rev.split("-")[1] ?? "") !== true);
  }

  /** Takes a revision made elsewhere; the longer history wins, as in CouchDB. */
  receive(doctype: string, made: Revision, content: Buffer | null = null): StoredDocument {
    const known = this.#all.get(`${doctype}/${made.id}`);
    const isKnown = this.missing(doctype, made.id, [made.rev]).length === 0;
    if (known !== undefined && (isKnown || known.history.length > made.history.length)) return known;
    const fields = made.isDeleted ? { ...known?.fields } : made.fields;
    return this.#keep({ doctype, ...made, fields, content: content ?? known?.content ?? null });
  }

  /** Whether a rule has it: by id or field, or because it lies below a shared directory (reference/cozy.md 7.1). */
  matches(rule: Rule, doctype: string, id: string, fields: Readonly<Record<string, unknown>>): boolean {
    if (rule.local || rule.doctype !== doctype) return false;
    if (rule.selector === "referenced_by") return isReferenced(fields["referenced_by"], rule.values);
    if (!["", "id", "_id"].includes(rule.selector)) {
      return rule.values.includes(String(fields[rule.selector]));
    }
    if (rule.values.includes(id)) return true;
    return doctype === files && this.#isBelow(fields["dir_id"], rule.values);
  }

  #isBelow(directory: unknown, roots: readonly string[]): boolean {
    let above = directory;
    for (let steps = 0; steps < deepestTree && typeof above === "string"; steps += 1) {
      if (roots.includes(above)) return true;
      above = this.get(files, above)?.fields["dir_id"];
    }
    return false;
  }

  #keep(whole: StoredDocument): StoredDocument {
    this.#all.set(`${whole.doctype}/${whole.id}`, whole);
    return whole;
  }
}

/** As a Cozy writes the checksum of a file: base64. */
export function md5(content: Buffer): string {
  return createHash("md5").update(content).digest("base64");
}

function isReferenced(references: unknown, values: readonly string[]): boolean {
  if (!Array.isArray(references)) return false;
  return references.some((each: { type?: string; id?: string }) =>
    values.includes(`${each.type ?? ""}/${each.id ?? ""}`),
  );
}

const verbs = new Set(["", "none", "push", "sync"]);
const removals = new Set([...verbs, "revoke"]);
const neverShared = new Set([
  "io.cozy.files.root-dir",
  "io.cozy.files.trash-dir",
  "io.cozy.files.shared-with-me-dir",
]);

/** Refuses rules that a sharing cannot have (reference/cozy.md 7.1). */
export function checkRules(rules: readonly Rule[]): void {
  if (rules.length === 0) throw new Refusal(400, "A sharing must have rules");
  if (!rules.every(isRule)) throw new Refusal(400, "A rule is invalid");
}

function isRule(rule: Rule): boolean {
  if (rule.title === "" || rule.doctype === "" || rule.values.length === 0) return false;
  if (!verbs.has(rule.add) || !verbs.has(rule.update) || !removals.has(rule.remove)) return false;
  if (rule.doctype !== files) return true;
  if (rule.selector === "referenced_by") return rule.values.every((value) => /^[^/]+\/[^/]+$/.test(value));
  if (!["", "id", "_id"].includes(rule.selector)) return true;
  return rule.values.length === 1 && !rule.values.some((value) => neverShared.has(value));
}
