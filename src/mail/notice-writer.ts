import type { NoticeLetter, WriteNotice } from "../domain/notice.ts";
import { isMessageId } from "./compose.ts";
import { noticeValues, summaryValues, type TemplateValues } from "./templates/values.ts";
import type { Templates } from "./templates/templates.ts";
import { writeLetter } from "./write-letter.ts";

/** Renders a notice from the site's templates and composes the message. */
export function createNoticeWriter(templates: () => Templates): WriteNotice {
  return async (letter) => {
    const { template, locale, facts, inReplyTo } = letter;
    const envelope = {
      replyTo: null,
      to: facts.recipient,
      inReplyTo: inReplyTo !== null && isMessageId(inReplyTo) ? inReplyTo : null,
      notice: template,
    };
    return writeLetter(letter, envelope, async () => templates().render(template, locale, valuesOf(letter)));
  };
}

function valuesOf(letter: NoticeLetter): TemplateValues {
  return letter.template === "notice-summary"
    ? summaryValues(letter.facts, letter.locale)
    : noticeValues(letter.facts, letter.locale);
}
