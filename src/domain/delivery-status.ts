import { parseHeaderFields } from "./header-fields.ts";
import { type HeaderField, headerValues, type MailView, messageIdIn } from "./mail.ts";
import type { Bounce } from "./share.ts";
import { parsePairs, parseStructuredField } from "./structured-field.ts";

/** Whether the mail is a report on the delivery of another: multipart/report of that type (RFC 3462, RFC 6522). */
export function isDeliveryReport(mail: Pick<MailView, "headers">): boolean {
  const [type, ...parameters] = parseStructuredField(headerValues(mail, "content-type")[0] ?? "") ?? [];
  if (type?.length !== 1 || type[0]?.text.toLowerCase() !== "multipart/report") return false;
  const pairs = parameters.flatMap((tokens) => parsePairs(tokens) ?? []);
  return pairs.find(({ key }) => key === "report-type")?.value.toLowerCase() === "delivery-status";
}

/**
 * What a delivery report says (RFC 3464 section 2.3): the first recipient whose delivery failed, else the first that is
 * delayed, else the first named.
 */
export function readBounce(mail: Pick<MailView, "deliveryStatus" | "returnedHeaders">): Bounce {
  const recipients = recipientsOf(mail.deliveryStatus ?? "");
  const recipient =
    recipients.find(({ action }) => action === "failed") ??
    recipients.find(({ action }) => action === "delayed") ??
    recipients[0];
  return {
    recipient: recipient?.recipient ?? null,
    status: recipient?.status ?? null,
    action: recipient?.action ?? null,
    originalMessageId: messageIdIn({ headers: mail.returnedHeaders }),
  };
}

type Recipient = Omit<Bounce, "originalMessageId">;

/** Blocks parted by empty lines; the one about the whole message names no recipient (RFC 3464 section 2.1). */
function recipientsOf(report: string): readonly Recipient[] {
  const blocks = report.replaceAll("\r\n", "\n").split(/\n[ \t]*(?=\n)/);
  return blocks.flatMap((block) => {
    const { fields } = parseHeaderFields(block.replace(/^\n+/, ""));
    const recipient = addressIn(fields, "final-recipient") ?? addressIn(fields, "original-recipient");
    if (recipient === null) return [];
    const action = /^[a-z]+/.exec(first(fields, "action").toLowerCase())?.[0] ?? null;
    const status = /^[245]\.\d{1,3}\.\d{1,3}(?!\d)/.exec(first(fields, "status"))?.[0] ?? null;
    return [{ recipient, status, action }];
  });
}

/** The address behind `rfc822;`, without angle brackets. */
function addressIn(fields: readonly HeaderField[], name: string): string | null {
  const [type, ...rest] = first(fields, name).split(";");
  const address = (rest.length === 0 ? (type ?? "") : rest.join(";")).trim().replace(/^<(.*)>$/, "$1");
  return address === "" ? null : address;
}

function first(fields: readonly HeaderField[], name: string): string {
  return headerValues({ headers: fields }, name)[0] ?? "";
}
