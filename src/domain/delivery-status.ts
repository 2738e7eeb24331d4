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
  const recipients = reportedBlocks(mail.deliveryStatus ?? "");
  const recipient =
    recipients.find(({ action }) => action === "failed") ??
    recipients.find(({ action }) => action === "delayed") ??
    recipients[0];
  return {
    recipient: recipient?.addresses[0] ?? null,
    status: recipient?.status ?? null,
    action: recipient?.action ?? null,
    originalMessageId: messageIdIn({ headers: mail.returnedHeaders }),
  };
}

/** What a report says of one recipient, word for word. */
export interface ReportedBlock {
  /** The final recipient and the original one, as far as they are named; at least one of them. */
  readonly addresses: readonly string[];
  /** In lower case; null where the report gives none. */
  readonly action: string | null;
  /** Enhanced status code (RFC 3463). */
  readonly status: string | null;
  /** What the other server said, without its type; empty where the report does not quote it. */
  readonly diagnostic: string;
}

/** Blocks parted by empty lines; the one about the whole message names no recipient (RFC 3464 section 2.1). */
export function reportedBlocks(report: string): readonly ReportedBlock[] {
  const blocks = report.replaceAll("\r\n", "\n").split(/\n[ \t]*(?=\n)/);
  return blocks.flatMap((block) => {
    const { fields } = parseHeaderFields(block.replace(/^\n+/, ""));
    const addresses = ["final-recipient", "original-recipient"].flatMap(
      (name) => behindType(first(fields, name)).replace(/^<(.*)>$/, "$1") || [],
    );
    if (addresses.length === 0) return [];
    const action = /^[a-z]+/.exec(first(fields, "action").toLowerCase())?.[0] ?? null;
    const status = /^[245]\.\d{1,3}\.\d{1,3}(?!\d)/.exec(first(fields, "status"))?.[0] ?? null;
    return [{ addresses, action, status, diagnostic: behindType(first(fields, "diagnostic-code")) }];
  });
}

/** What stands behind `rfc822;` or `smtp;`. */
function behindType(value: string): string {
  return value.slice(value.indexOf(";") + 1).trim();
}

function first(fields: readonly HeaderField[], name: string): string {
  return headerValues({ headers: fields }, name)[0] ?? "";
}
