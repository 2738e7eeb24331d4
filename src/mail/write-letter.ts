import type { Letter, WrittenLetter } from "../domain/letter.ts";
import { composeMail, HeaderFieldError, type MailParts } from "./compose.ts";
import type { RenderedMail } from "./templates/fill.ts";
import { TemplateError } from "./templates/problem.ts";

/** Puts what a template gave into a message; what is wrong with either becomes a value. */
export async function writeLetter(
  { site, messageId, date }: Letter,
  envelope: Omit<MailParts, "from" | "subject" | "messageId" | "date" | "html" | "text" | "images">,
  render: () => Promise<RenderedMail>,
): Promise<WrittenLetter> {
  try {
    const { from, subject, html, text, images } = await render();
    const sender = { name: from, address: site.address };
    const raw = await composeMail({
      ...envelope,
      from: sender,
      subject,
      messageId,
      date,
      html,
      text,
      images,
    });
    return { kind: "written", raw };
  } catch (error) {
    if (!(error instanceof TemplateError || error instanceof HeaderFieldError)) throw error;
    return { kind: "not-written", temporary: error.temporary, why: error.message };
  }
}
