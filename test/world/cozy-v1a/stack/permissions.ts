import { isObject, type JsonObject } from "./wire.ts";

const allVerbs = ["DELETE", "GET", "PATCH", "POST", "PUT"] as const;
export type Verb = (typeof allVerbs)[number];

/** A rule of a permission set (reference/cozy.md 5.2). */
export interface Rule {
  readonly type: string;
  /** In alphabetical order. */
  readonly verbs: readonly Verb[];
  /** Empty means all documents of the type. */
  readonly values: readonly string[];
  readonly selector: string | null;
}

/** The rules in `{ title: { type, verbs, values, selector } }`, or null where one is no rule. */
export function readRules(set: unknown): readonly Rule[] | null {
  if (set === undefined || set === null) return [];
  if (!isObject(set)) return null;
  const rules = Object.values(set).map((each) => (isObject(each) ? readRule(each) : null));
  return rules.includes(null) ? null : rules.filter((rule) => rule !== null);
}

function readRule({ type, verbs, values, selector }: JsonObject): Rule | null {
  if (typeof type !== "string" || type === "") return null;
  const named = readVerbs(texts(verbs));
  if (named === null) return null;
  return {
    type,
    verbs: named,
    values: texts(values),
    selector: typeof selector === "string" && selector !== "" ? selector : null,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** `ALL` and no verb at all mean all five. */
function readVerbs(names: readonly string[]): readonly Verb[] | null {
  if (names.length === 0 || names.includes("ALL")) return allVerbs;
  const known = allVerbs.filter((verb) => names.includes(verb));
  return known.length === new Set(names).size ? known : null;
}

/** `type[:verbs[:values[:selector]]]`, rules joined by a space. */
export function scopeOf(rules: readonly Rule[]): string {
  return rules
    .map(({ type, verbs, values, selector }) => {
      const parts = [type, verbs.length === allVerbs.length ? "ALL" : verbs.join(",")];
      if (values.length > 0 || selector !== null) parts.push(values.join(","));
      if (selector !== null) parts.push(selector);
      return parts.join(":");
    })
    .join(" ");
}

/** The rules of a scope, or null where it is none. */
export function rulesOf(scope: string): readonly Rule[] | null {
  const rules = scope.split(" ").map((text): Rule | null => {
    const [type = "", verbs = "", values = "", selector = "", ...more] = text.split(":");
    const named = readVerbs(list(verbs));
    if (type === "" || named === null || more.length > 0) return null;
    return { type, verbs: named, values: list(values), selector: selector === "" ? null : selector };
  });
  return rules.includes(null) ? null : rules.filter((rule) => rule !== null);
}

function list(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

/** A permission set as JSON: the titles are of our own making, as rules of a scope have none. */
export function setOf(rules: readonly Rule[]): JsonObject {
  return Object.fromEntries(
    rules.map(({ selector, ...rule }, at) => [`rule${at}`, selector === null ? rule : { ...rule, selector }]),
  );
}

export function covers(held: readonly Rule[], asked: Rule): boolean {
  return held.some(
    (rule) =>
      rule.type === asked.type &&
      asked.verbs.every((verb) => rule.verbs.includes(verb)) &&
      (rule.values.length === 0 ||
        (rule.selector === asked.selector &&
          asked.values.length > 0 &&
          asked.values.every((value) => rule.values.includes(value)))),
  );
}

export function coversAll(held: readonly Rule[], asked: readonly Rule[]): boolean {
  return asked.every((rule) => covers(held, rule));
}

/** Whether both hold exactly the same rules, in whatever order. */
export function sameRules(some: readonly Rule[], others: readonly Rule[]): boolean {
  return coversAll(some, others) && coversAll(others, some) && some.length === others.length;
}

/** Whether a rule is about a document, by its id or by what its selector names in it. */
export function isAbout(
  { type, values, selector }: Rule,
  doctype: string,
  id: string,
  value: JsonObject,
): boolean {
  if (type !== doctype) return false;
  if (values.length === 0) return true;
  if (selector === null) return values.includes(id);
  if (selector !== "referenced_by") return values.includes(String(value[selector]));
  const references = value["referenced_by"];
  if (!Array.isArray(references)) return false;
  return references.some(
    (each: unknown) => isObject(each) && values.includes(`${String(each["type"])}/${String(each["id"])}`),
  );
}
