import { hasControl, messageLines, withoutBidi } from "../../domain/display-text.ts";
import { failureWords } from "../../domain/failure-words.ts";
import type { InvitationFacts } from "../../domain/invitation.ts";
import { limits } from "../../domain/limits.ts";
import { type Locale, localeOf } from "../../domain/locale.ts";
import type { MailAddress } from "../../domain/mail.ts";
import type { NoticeFacts, NoticeShare, SummaryFacts, WaysToAnswer } from "../../domain/notice.ts";
import { personWords, shareWords } from "../../domain/share-words.ts";

/** What the placeholders of one template stand for; templates/README.md lists them. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** @throws Error for a link that is not https, and for control characters: both were refused before they were stored. */
export function invitationValues(facts: InvitationFacts): TemplateValues {
  const link = new URL(facts.link);
  // Escaping for HTML does not stop javascript: links, and whoever created the sharing was told the same.
  if (link.protocol !== "https:") throw new Error("The link of an invitation must be https.");
  return {
    site: { name: displayText(facts.siteName, limits.nameChars) },
    sharer: person(facts.sharer),
    recipient: person(facts.recipient),
    share: { title: displayText(facts.title, limits.titleChars), link: link.href, host: link.host },
    message: { lines: [...messageLines(facts.message.slice(0, limits.messageChars))] },
  };
}

/** Strangers wrote most of it: what cannot be shown is left out. */
export function noticeValues(facts: NoticeFacts, tag: string): TemplateValues {
  const locale = localeOf(tag);
  return {
    site: { name: displayText(facts.siteName, limits.nameChars) },
    recipient: person(facts.recipient),
    ...about(facts.share, locale),
    outcome: {
      state: facts.state,
      asks_password: facts.state === "needs-password" && !facts.isUnchanged,
      changed_nothing: facts.isUnchanged,
      ...failureWords(facts, locale),
    },
    answer: waysToAnswer(facts.ways, locale),
  };
}

export function summaryValues(facts: SummaryFacts, tag: string): TemplateValues {
  const locale = localeOf(tag);
  const shown = facts.shares.slice(0, limits.summaryLines);
  return {
    site: { name: displayText(facts.siteName, limits.nameChars) },
    recipient: person(facts.recipient),
    entries: shown.map((share) => about(share, locale)),
    count: facts.shares.length,
    more: facts.shares.length - shown.length,
    answer: waysToAnswer({ page: null, folder: facts.folder, untilMs: null }, locale),
  };
}

function about(share: NoticeShare, locale: Locale): { share: object; sharer: object } {
  return { share: shareWords(share, locale), sharer: personWords(share.sharer) };
}

function waysToAnswer({ page, folder, untilMs }: WaysToAnswer, locale: Locale): object {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  return {
    page: page ?? "",
    accept_folder: folder === null ? "" : `${folder}/Accept`,
    decline_folder: folder === null ? "" : `${folder}/Decline`,
    until: untilMs === null ? "" : date.format(untilMs),
  };
}

function person(who: MailAddress): object {
  return {
    name: displayText(who.name, limits.nameChars),
    address: displayText(who.address, limits.addressChars),
  };
}

/** @throws Error when the text has control characters: they were refused before they were stored. */
function displayText(text: string, maxChars: number): string {
  if (hasControl(text)) throw new Error("A text of an invitation has control characters.");
  return withoutBidi(text.slice(0, maxChars));
}
