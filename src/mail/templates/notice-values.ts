import { failureWords } from "../../domain/failure-words.ts";
import { limits } from "../../domain/limits.ts";
import { type Locale, localeOf } from "../../domain/locale.ts";
import type { NoticeFacts, NoticeShare, SummaryFacts, WaysToAnswer } from "../../domain/notice.ts";
import { oneLine } from "../../domain/one-line.ts";
import { mailFailureWords } from "../../domain/phrases/mail-failures.ts";
import { personWords, shareWords } from "../../domain/share-words.ts";
import type { SharerNoticeFacts } from "../../domain/sharer-notice.ts";
import { dateText } from "../../domain/formats.ts";
import type { NoticeValues, SummaryValues, UndeliveredValues } from "./value-schema.ts";

type Own<Values> = Omit<Values, "locale" | "site" | "brand" | "recipient">;

/** Strangers wrote most of it: what cannot be shown is left out. */
export function noticeValues(facts: NoticeFacts, locale: string): Own<NoticeValues> {
  const words = localeOf(locale);
  return {
    ...about(facts.share, words),
    outcome: {
      state: facts.state,
      asks_password: facts.state === "needs-password" && !facts.isUnchanged,
      changed_nothing: facts.isUnchanged,
      ...failureWords(facts, words),
    },
    answer: waysToAnswer(facts.ways, locale),
  };
}

export function summaryValues(facts: SummaryFacts, locale: string): Own<SummaryValues> {
  const shown = facts.shares.slice(0, limits.summaryLines);
  return {
    entries: shown.map((share) => about(share, localeOf(locale))),
    count: facts.shares.length,
    more: facts.shares.length - shown.length,
    answer: waysToAnswer({ page: null, folder: facts.folder, untilMs: null }, locale),
  };
}

/** Whom a sharer's invitations did not reach, and why. */
export function undeliveredValues(facts: SharerNoticeFacts, locale: string): Own<UndeliveredValues> {
  const shown = facts.failures.slice(0, limits.summaryLines);
  return {
    share: { title: oneLine(facts.title, limits.titleChars) },
    failures: shown.map(({ address, reason, status }) => ({
      address: oneLine(address, limits.addressChars),
      why: mailFailureWords(reason, localeOf(locale)),
      status: oneLine(status ?? "", limits.nameChars),
    })),
    count: facts.failures.length,
    more: facts.failures.length - shown.length,
  };
}

function about(share: NoticeShare, locale: Locale): Pick<NoticeValues, "share" | "sharer"> {
  const { remarks, ...words } = shareWords(share, locale);
  return { share: { ...words, remarks: [...remarks] }, sharer: personWords(share.sharer) };
}

function waysToAnswer({ page, folder, untilMs }: WaysToAnswer, locale: string): NoticeValues["answer"] {
  return {
    page: page ?? "",
    accept_folder: folder === null ? "" : `${folder}/Accept`,
    decline_folder: folder === null ? "" : `${folder}/Decline`,
    until: untilMs === null ? "" : dateText(locale, "long", untilMs),
  };
}
