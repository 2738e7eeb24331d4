import type { WriteSharerNotice } from "../domain/sharer-notice.ts";
import type { Templates } from "./templates/templates.ts";
import { writeLetter } from "./write-letter.ts";

/** Renders a notice to a sharer from the site's templates and composes the message. */
export function createSharerNoticeWriter(templates: () => Templates): WriteSharerNotice {
  return async (letter) => {
    const { template, facts } = letter;
    const envelope = { replyTo: null, to: facts.recipient, inReplyTo: null, notice: template };
    return writeLetter(letter, envelope, async () => templates().render(letter));
  };
}
