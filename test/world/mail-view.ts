import { parseHeaderFields } from "../../src/domain/header-fields.ts";
import { type MailView, messageIdIn } from "../../src/domain/mail.ts";

/** The view of a mail of which only header fields matter, given as written in a mail. */
export function viewWith(header: string, rest: Partial<MailView> = {}): MailView {
  const { fields } = parseHeaderFields(header);
  return {
    headers: fields,
    from: [{ name: "Alice Sender", address: "alice@cloud-a.example" }],
    replyTo: [],
    subject: "",
    messageId: messageIdIn({ headers: fields }),
    texts: [],
    ownLines: [],
    ownLinks: [],
    deliveryStatus: null,
    returnedHeaders: [],
    problems: [],
    ...rest,
  };
}
