import type { Context, Liquid } from "liquidjs";
import { dateStyles, dateText, numberText, pluralCategory } from "../../domain/formats.ts";

/** The filters that write as the language of the template does; Liquid's own `date` knows English only. */
export function registerFilters(engine: Liquid): void {
  engine.registerFilter("number", number);
  engine.registerFilter("date", date);
  engine.registerFilter("plural", plural);
  // Would let text of strangers through as it is.
  Reflect.deleteProperty(engine.filters, "raw");
}

/** What LiquidJS gives a filter as `this`. */
interface Filter {
  readonly context: Context;
}

/** `{{ count | number }}`: 12,345 in English. */
function number(this: Filter, value: unknown): string {
  return numberText(localeOf(this), numberOf("number", value));
}

/** `{{ share.expires_at | date: "short" }}`; an empty text stays empty. */
function date(this: Filter, value: unknown, written: unknown = "long"): string {
  if (value === "") return "";
  const style = dateStyles.find((known) => known === written);
  if (style === undefined) throw new TypeError(`date: takes ${dateStyles.join(", ")}`);
  const ms = typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new TypeError("date: takes a point in time, such as share.expires_at");
  return dateText(localeOf(this), style, ms);
}

/** `{{ count | plural: one: "mail", other: "mails" }}`; the forms that a language has, `other` for those not given. */
function plural(this: Filter, value: unknown, ...forms: readonly unknown[]): string {
  const given = new Map<unknown, unknown>(forms.filter(isPair));
  const form = given.get(pluralCategory(localeOf(this), numberOf("plural", value))) ?? given.get("other");
  if (typeof form !== "string") throw new TypeError('plural: needs at least other: "…"');
  return form;
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function numberOf(filter: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`${filter}: takes a number, such as count`);
}

/** Of the template, which is among its values. */
function localeOf({ context }: Filter): string {
  return String(context.getSync(["locale"]));
}
