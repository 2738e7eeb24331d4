import type { WriteNotice } from "../domain/notice.ts";
import { isMessageId } from "./compose.ts";
import type { Templates } from "./templates/templates.ts";
import { writeLetter } from "./write-letter.ts";

/** Renders a notice from the site's templates and composes the message. */
export function createNoticeWriter(templates: () => Templates): WriteNotice {
  return async (letter) => {
    const { template, facts, inReplyTo } = letter;
    const envelope = {
      replyTo: null,
      to: facts.recipient,
      inReplyTo: inReplyTo !== null && isMessageId(inReplyTo) ? inReplyTo : null,
      notice: template,
    };
    return writeLetter(letter, envelope, async () => templates().render(letter));
  };
}
