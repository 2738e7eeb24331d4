import { limits } from "./limits.ts";
import type { Locale } from "./locale.ts";
import { oneLine } from "./one-line.ts";
import { failureOf, phrasesIn } from "./phrases/phrases.ts";

/** Why a share is not followed, in words of the account's language. */
export interface FailureWords {
  /** Empty where only the record can say it. */
  readonly why: string;
  /** What the record says, in English; empty where `why` says it all. */
  readonly note: string;
}

/** `isUnchanged`: an answer led to nothing, and only the record can say why where there is no sentence for the reason. */
export function failureWords(
  {
    reason,
    detail,
    isUnchanged,
  }: { readonly reason: string | null; readonly detail: string | null; readonly isUnchanged: boolean },
  locale: Locale,
): FailureWords {
  const name = failureOf(reason);
  if (name !== "other") return { why: phrasesIn(locale).failures[name], note: "" };
  const why = isUnchanged ? "" : phrasesIn(locale).failures.other;
  return { why, note: oneLine(detail ?? "", limits.remoteTextChars) };
}
