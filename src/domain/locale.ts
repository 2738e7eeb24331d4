/** Languages in which Usher itself has words; the first is the fallback. */
export const locales = ["en", "de", "fr", "es"] as const;
export type Locale = (typeof locales)[number];

/** The language to write to somebody in: `de-AT` gives `de`, unknown ones the fallback. */
export function localeOf(tag: string): Locale {
  const language = tag.toLowerCase().split(/[-_]/)[0];
  return locales.find((locale) => locale === language) ?? locales[0];
}

/** Whether files of templates may be named so: language, script, region (BCP 47), as `de`, `de-AT`, `zh-Hant-TW`. */
export function isLocaleTag(text: string): boolean {
  return /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/.test(text);
}

/** Where a text for somebody is looked for: `de_at` gives `de-AT`, `de`, and the fallback. */
export function localeSteps(tag: string): readonly string[] {
  const [language = "", ...rest] = tag.split(/[-_]/).slice(0, 4);
  const parts = [language.toLowerCase(), ...rest.map(subtag)];
  const steps = parts.map((_, cut) => parts.slice(0, parts.length - cut).join("-")).filter(isLocaleTag);
  return [...new Set([...steps, locales[0]])];
}

/** A script or a region in its usual letters. */
function subtag(text: string): string {
  return text.length === 4
    ? `${text.charAt(0).toUpperCase()}${text.slice(1).toLowerCase()}`
    : text.toUpperCase();
}
