import type { Locale } from "./locale.ts";

/** A day (UTC) of a moment in milliseconds since 1970, as people write it in that language: `December 24, 2026`. */
export function dayText(atMs: number, locale: Locale): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(atMs);
}
