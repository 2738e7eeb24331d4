import type { WriteInvitation } from "../domain/invitation.ts";
import { composeMail, HeaderFieldError } from "./compose.ts";
import { TemplateError, templateName } from "./template-files.ts";
import type { Templates } from "./templates.ts";

/** Renders a letter from the site's templates and composes the message. */
export function createInvitationWriter(templates: () => Templates): WriteInvitation {
  return async ({ template, locale, facts, site, messageId, date }) => {
    try {
      const name = templateName(template);
      const { from, subject, html, text } = await templates().render(name, locale, facts);
      const raw = await composeMail({
        from: { name: from, address: site.address },
        replyTo: facts.sharer,
        to: facts.recipient,
        subject,
        messageId,
        date,
        html,
        text,
      });
      return { kind: "written", raw };
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof HeaderFieldError)) throw error;
      return { kind: "not-written", temporary: error.temporary, why: error.message };
    }
  };
}
