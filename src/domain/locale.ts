/** Languages that Usher writes to people in; the first is the fallback. */
export const locales = ["en", "de", "fr"] as const;
export type Locale = (typeof locales)[number];

/** The language to write to somebody in: `de-AT` gives `de`, unknown ones the fallback. */
export function localeOf(tag: string): Locale {
  const language = tag.toLowerCase().split(/[-_]/)[0];
  return locales.find((locale) => locale === language) ?? locales[0];
}
