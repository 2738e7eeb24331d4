import type { InvitationLetter } from "../../domain/invitation.ts";
import { limits } from "../../domain/limits.ts";
import type { NoticeLetter } from "../../domain/notice.ts";
import type { SharerNoticeLetter } from "../../domain/sharer-notice.ts";
import { displayText, offerValues, personValues, revokedValues } from "./invitation-values.ts";
import { noticeValues, summaryValues, undeliveredValues } from "./notice-values.ts";
import type { BrandValues, TemplateValues } from "./value-schema.ts";

/** What a letter says, and in which template; the rest of a letter is for the header. */
export type Said = Spoken<InvitationLetter> | Spoken<NoticeLetter> | Spoken<SharerNoticeLetter>;

type SaidOfShare = Extract<Said, { template: "notice-held" | "notice-answered" | "notice-failed" }>;

/** Of each kind of letter by itself, so that a template goes with its own facts only. */
type Spoken<Letter extends { readonly template: string; readonly facts: unknown }> = Letter extends unknown
  ? Pick<Letter, "template" | "facts">
  : never;

/** The values of a letter for a template in that language. `brand` without a name has the site's. */
export function valuesOf(said: Said, locale: string, brand: BrandValues): TemplateValues {
  const site = { name: displayText(said.facts.siteName, limits.nameChars) };
  const always = {
    locale,
    site,
    brand: brand.name === "" ? { ...brand, name: site.name } : brand,
    recipient: personValues(said.facts.recipient),
  };
  if (isOfShare(said)) return { ...always, ...noticeValues(said.facts, locale) };
  if (said.template === "notice-summary") return { ...always, ...summaryValues(said.facts, locale) };
  if (said.template === "notice-undelivered") return { ...always, ...undeliveredValues(said.facts, locale) };
  if (said.template === "revoked") return { ...always, ...revokedValues(said.facts) };
  return { ...always, ...offerValues(said.facts, locale) };
}

/** Whether it is a notice of one share. */
export function isOfShare(said: Said): said is SaidOfShare {
  return ["notice-held", "notice-answered", "notice-failed"].includes(said.template);
}
