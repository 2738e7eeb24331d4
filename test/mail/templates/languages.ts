import { type Locale, locales } from "../../../src/domain/locale.ts";

/** Words that one language has and no other. */
const words: Readonly<Record<Locale, RegExp>> = {
  en: /\b(?:the|you|your|with|from|this|shares?|shared|waits?|arrive)\b/iu,
  de: /(?<!\p{L})(?:Sie|Ihre?n?|nicht|wird|wurde|oder|diese[rnm]?|Freigaben?|E-Mails?)(?!\p{L})/u,
  fr: /(?<!\p{L})(?:vous|votre|avec|dans|cette|cela|partage[sz]?|n’est|réponse)(?!\p{L})/iu,
  es: /(?<!\p{L})(?:usted|enlace|mensaje|está|esta|este|puede|contenidos?|dirección)(?!\p{L})/iu,
};

/** Quotation marks and spaces that a language does not have. */
export const wrongSigns: Readonly<Record<Locale, RegExp>> = {
  en: /[„«»]/u,
  de: /[”«»]/u,
  fr: /[“”„]| [:;?!»]|«(?!\u00A0)|[^\s\u00A0][:;?!»]/u,
  es: /[“”„]|«\s|\s»/u,
};

/** Languages that the text has words of. */
export function languagesOf(text: string): readonly Locale[] {
  return locales.filter((locale) => words[locale].test(text));
}
