import { isObject, type JsonObject } from "./json.ts";
import { limits } from "./limits.ts";

/** What may be done, in the order in which cozy-stack writes it. */
export const allVerbs = ["DELETE", "GET", "PATCH", "POST", "PUT"] as const;
export type Verb = (typeof allVerbs)[number];

/** One titled rule of a Cozy's permissions (reference/cozy.md 5.2). */
export interface PermissionRule {
  /** Its key in the map; empty in a scope. */
  readonly title: string;
  readonly description: string | null;
  readonly type: string;
  /** In the order of `allVerbs`; never empty. */
  readonly verbs: readonly Verb[];
  /** Ids of documents, with a selector what it has to hold; empty: all documents of the type. */
  readonly values: readonly string[];
  readonly selector: string | null;
}

/** What rules are asked about: one document as it is kept. */
export interface DocumentFacts {
  readonly type: string;
  readonly id: string;
  /** `doctype/id` of what it refers to. */
  readonly referencedBy: readonly string[];
  /** Ids of the folders that it lies in, the nearest first. */
  readonly folders: readonly string[];
}

/** A rule that cannot be taken; `field` is its place, for example `permissions.files.verbs`. */
export interface PermissionProblem {
  readonly field: string;
  readonly detail: string;
}

export type ReadPermissions =
  | { readonly kind: "rules"; readonly rules: readonly PermissionRule[] }
  | { readonly kind: "wrong"; readonly problems: readonly PermissionProblem[] };

/** Reads `{ title: { type, verbs, values, selector, description } }`. No verbs are all verbs. */
export function readPermissions(value: unknown, field = "permissions"): ReadPermissions {
  if (!isObject(value)) return wrong(field, "is an object of titled rules");
  const entries = Object.entries(value);
  if (entries.length === 0) return wrong(field, "names no rule; name what is shared");
  if (entries.length > limits.permissionRules) {
    return wrong(field, `has more than ${limits.permissionRules} rules; make several sharings`);
  }
  const read = entries.map(([title, rule]) => readRule(title, rule, `${field}.${title}`));
  const problems = read.flatMap((one) => ("detail" in one ? [one] : []));
  if (problems.length > 0) return { kind: "wrong", problems };
  return { kind: "rules", rules: read.flatMap((one) => ("detail" in one ? [] : [one.rule])) };
}

function wrong(field: string, detail: string): ReadPermissions {
  return { kind: "wrong", problems: [{ field, detail }] };
}

function readRule(
  title: string,
  value: unknown,
  field: string,
): { readonly rule: PermissionRule } | PermissionProblem {
  if (!isObject(value)) return { field, detail: "is an object with type, verbs and values" };
  const found = problemsOf(value).find(({ isWrong }) => isWrong);
  if (found !== undefined) return { field: `${field}.${found.key}`, detail: found.detail };
  const { type, description, selector } = value;
  const text = typeof description === "string" && description !== "" ? description : null;
  return {
    rule: {
      title,
      description: text,
      type: String(type),
      verbs: readVerbs(texts(value["verbs"])) ?? allVerbs,
      values: texts(value["values"]),
      selector: selector === "referenced_by" ? selector : null,
    },
  };
}

/** What can be wrong with a rule, the first thing to mend first. */
function problemsOf({ type, verbs = [], values = [], selector = "" }: JsonObject) {
  const isReferring = selector !== "";
  return [
    {
      key: "type",
      isWrong: typeof type !== "string" || !isDoctype(type),
      detail: "is a document type, for example io.cozy.files",
    },
    {
      key: "verbs",
      isWrong: !isTexts(verbs) || readVerbs(verbs) === null,
      detail: `is a list of ALL, ${allVerbs.join(", ")}`,
    },
    {
      key: "values",
      isWrong: !isTexts(values) || values.length > limits.permissionValues || !values.every(isValue),
      detail: `is a list of at most ${limits.permissionValues} ids, without spaces, colons and commas`,
    },
    {
      key: "selector",
      isWrong: isReferring && selector !== "referenced_by",
      detail: "can be referenced_by only",
    },
    {
      key: "values",
      isWrong: isReferring && (texts(values).length === 0 || !texts(values).every(isReference)),
      detail: "are written doctype/id where the selector is referenced_by",
    },
  ] as const;
}

function texts(value: unknown): readonly string[] {
  return isTexts(value) ? value : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** As the types of Cozy and of its documents' examples are written. */
export function isDoctype(text: string): boolean {
  return /^[A-Za-z][\w.-]{0,127}$/.test(text);
}

/** What a scope can hold: its separators cannot be escaped. */
function isValue(text: string): boolean {
  return /^[^\s:,\p{Cc}]{1,200}$/u.test(text);
}

function isReference(text: string): boolean {
  const [type = "", id = ""] = text.split("/");
  return isDoctype(type) && id !== "" && text === `${type}/${id}`;
}

/** `ALL` and an empty list mean all five; null where one is no verb. */
function readVerbs(names: readonly string[]): readonly Verb[] | null {
  const known = allVerbs.filter((verb) => names.includes(verb));
  if (!names.every((name) => name === "ALL" || allVerbs.some((verb) => verb === name))) return null;
  return names.length === 0 || names.includes("ALL") ? allVerbs : known;
}

/** The map that `readPermissions` reads. */
export function permissionMap(rules: readonly PermissionRule[]): Readonly<Record<string, object>> {
  return Object.fromEntries(
    rules.map(({ title, description, type, verbs, values, selector }) => [
      title,
      {
        ...(description === null ? {} : { description }),
        type,
        verbs: verbs.length === allVerbs.length ? ["ALL"] : verbs,
        ...(values.length === 0 ? {} : { values }),
        ...(selector === null ? {} : { selector }),
      },
    ]),
  );
}

/** Rules joined by a space, each `type[:verbs[:values[:selector]]]`; verbs and values joined by commas. */
export function printScope(rules: readonly PermissionRule[]): string {
  return rules
    .map(({ type, verbs, values, selector }) => {
      const named = verbs.length === allVerbs.length ? "ALL" : verbs.join(",");
      const tail = selector === null ? [values.join(",")] : [values.join(","), selector];
      return [type, named, ...(values.length === 0 ? [] : tail)].join(":");
    })
    .join(" ");
}

/** The rules of a scope; null where it is none, or holds more than is taken. */
export function parseScope(text: string): readonly PermissionRule[] | null {
  if (text.length > limits.scopeChars) return null;
  const parts = text.split(" ").filter((part) => part !== "");
  if (parts.length === 0 || parts.length > limits.permissionRules) return null;
  const rules = parts.map(parseRule);
  return rules.includes(null) ? null : rules.filter((rule) => rule !== null);
}

function parseRule(text: string, place: number): PermissionRule | null {
  const [type = "", verbs, values, selector, ...more] = text.split(":");
  if (more.length > 0 || [verbs, values, selector].includes("")) return null;
  const rule = { type, verbs: verbs?.split(",") ?? [], values: values?.split(",") ?? [], selector };
  const read = readRule(`rule${place}`, rule, "scope");
  return "rule" in read ? read.rule : null;
}

/** Whether one of the rules opens this document for this verb. A folder opens what lies in it. */
export function opens(rules: readonly PermissionRule[], verb: Verb, document: DocumentFacts): boolean {
  return rules.some((rule) => rule.verbs.includes(verb) && concerns(rule, document));
}

/** Whether a rule is about a document, whatever may be done with it. */
export function concerns({ type, values, selector }: PermissionRule, document: DocumentFacts): boolean {
  if (type !== document.type) return false;
  if (values.length === 0) return true;
  const marks = selector === "referenced_by" ? document.referencedBy : [document.id, ...document.folders];
  return marks.some((mark) => values.includes(mark));
}

/** Whether every rule names documents: without values a rule is about all of a type, which no sharing may open. */
export function namesDocuments(rules: readonly PermissionRule[]): boolean {
  return rules.every(({ values }) => values.length > 0);
}

/** Whether what one rule opens is open by another. */
export function contains(wide: PermissionRule, narrow: PermissionRule): boolean {
  if (wide.type !== narrow.type || !narrow.verbs.every((verb) => wide.verbs.includes(verb))) return false;
  if (wide.values.length === 0) return true;
  return (
    narrow.values.length > 0 &&
    wide.selector === narrow.selector &&
    narrow.values.every((value) => wide.values.includes(value))
  );
}

/** Whether everything that `narrow` opens is open by `wide`. */
export function containsAll(wide: readonly PermissionRule[], narrow: readonly PermissionRule[]): boolean {
  return narrow.every((rule) => wide.some((other) => contains(other, rule)));
}

/** Whether both hold the same rules, whatever their order and titles. */
export function isSameSet(some: readonly PermissionRule[], others: readonly PermissionRule[]): boolean {
  return some.length === others.length && containsAll(some, others) && containsAll(others, some);
}
