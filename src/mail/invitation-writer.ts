import type { WriteInvitation } from "../domain/invitation.ts";
import { templateName } from "./templates/files.ts";
import { invitationValues } from "./templates/values.ts";
import type { Templates } from "./templates/templates.ts";
import { writeLetter } from "./write-letter.ts";

/** Renders an invitation from the site's templates and composes the message. */
export function createInvitationWriter(templates: () => Templates): WriteInvitation {
  return async (letter) => {
    const { template, locale, facts, inReplyTo } = letter;
    const envelope = { replyTo: facts.sharer, to: facts.recipient, inReplyTo, notice: null };
    return writeLetter(letter, envelope, async () =>
      templates().render(templateName(template), locale, invitationValues(facts)),
    );
  };
}
