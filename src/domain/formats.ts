/** Dates, numbers and plurals as a language writes them; making a formatter takes longer than filling a template. */
export const dateStyles = ["full", "long", "medium", "short"] as const;
export type DateStyle = (typeof dateStyles)[number];

interface Formats {
  readonly number: Intl.NumberFormat;
  readonly plural: Intl.PluralRules;
  readonly dates: Readonly<Record<DateStyle, Intl.DateTimeFormat>>;
}

/** Locales are those of template files, of which there are few. */
const known = new Map<string, Formats>();

function formatsOf(locale: string): Formats {
  const made = known.get(locale) ?? makeFormats(locale);
  known.set(locale, made);
  return made;
}

function makeFormats(locale: string): Formats {
  const date = (dateStyle: DateStyle): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { dateStyle, timeZone: "UTC" });
  return {
    number: new Intl.NumberFormat(locale),
    plural: new Intl.PluralRules(locale),
    dates: { full: date("full"), long: date("long"), medium: date("medium"), short: date("short") },
  };
}

/** A day in UTC; `ms` since 1970. */
export function dateText(locale: string, style: DateStyle, ms: number): string {
  return formatsOf(locale).dates[style].format(ms);
}

export function numberText(locale: string, value: number): string {
  return formatsOf(locale).number.format(value);
}

/** `zero`, `one`, `two`, `few`, `many` or `other`. */
export function pluralCategory(locale: string, value: number): Intl.LDMLPluralRule {
  return formatsOf(locale).plural.select(value);
}
