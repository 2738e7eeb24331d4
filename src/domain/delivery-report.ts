import { addressKey } from "./address.ts";
import { isDeliveryReport, type ReportedBlock, reportedBlocks } from "./delivery-status.ts";
import { headerValues, type MailView, messageIdIn } from "./mail.ts";
import { enhancedStatusIn, statusOfReply } from "./mail-failure.ts";

/** What became of a mail for one recipient (RFC 3464 section 2.3.3). */
export interface Fate {
  readonly action: "failed" | "delayed" | "delivered" | "relayed" | "expanded";
  /** Enhanced status code (RFC 3463); null where the report gives none. */
  readonly status: string | null;
}

export interface ReportedRecipient extends Fate {
  /** Final and original recipient as written; empty where the report does not name him. */
  readonly addresses: readonly string[];
}

/** What one mail says about the delivery of another. */
export interface DeliveryReport {
  readonly recipients: readonly ReportedRecipient[];
  /** Message-ID of the returned mail or of its header; null where nothing was returned. */
  readonly originalMessageId: string | null;
  /** Of the form of RFC 3464. Every other form can be anybody's text, and needs a proof. */
  readonly isStandard: boolean;
}

/** What a report led to. */
export type Attribution =
  | { readonly kind: "attributed" }
  /** Nothing follows from it; `because` says why. */
  | { readonly kind: "not-attributed"; readonly because: NotAttributed };

export type NotAttributed =
  /** It came to an address of this site's form, with a secret that this site never gave out. */
  | "wrong-secret"
  /** What it is about was removed. */
  | "unknown-invitation"
  /** It came to no address with a secret, and returns no mail that this site sent. */
  | "unknown-message"
  /** It returns a mail of this site, and speaks of others than its recipient. */
  | "other-recipient"
  /** It names nobody, or does not tell what became of the mail. */
  | "says-nothing";

type ReportMail = Pick<MailView, "headers" | "from" | "texts" | "deliveryStatus" | "returnedHeaders">;

/** Reads a delivery report of the standard form, else of those that older mail servers write; null for all other mail. */
export function readReport(mail: ReportMail): DeliveryReport | null {
  const originalMessageId = messageIdIn({ headers: mail.returnedHeaders });
  const recipients = reportedBlocks(mail.deliveryStatus ?? "").flatMap(
    (block) => standardRecipient(block) ?? [],
  );
  if (recipients.length > 0) return { recipients, originalMessageId, isStandard: isDeliveryReport(mail) };
  const told = byFailedRecipients(mail) ?? byQmail(mail) ?? byPostmaster(mail);
  return told === null ? null : { recipients: told, originalMessageId, isStandard: false };
}

/**
 * What a report says about a mail to this address; null where it says nothing. A proven report that names only others is
 * about an address that the recipient's server forwarded to: then the mail failed only where none of them got it.
 */
export function fateIn(
  { recipients }: Pick<DeliveryReport, "recipients">,
  address: string,
  { isProven }: { readonly isProven: boolean },
): Fate | null {
  const own = recipients.filter(({ addresses }) => addresses.some((one) => isSame(one, address)));
  if (own.length > 0) return first(own, worstFirst);
  return isProven ? first(recipients, worstFirst.toReversed()) : null;
}

const worstFirst: readonly Fate["action"][] = ["failed", "delayed", "expanded", "relayed", "delivered"];

function first(recipients: readonly ReportedRecipient[], order: readonly Fate["action"][]): Fate | null {
  for (const action of order) {
    const found = recipients.find((recipient) => recipient.action === action);
    if (found !== undefined) return { action, status: found.status };
  }
  return null;
}

/** Many mail servers write addresses in lower case. */
function isSame(written: string, address: string): boolean {
  return addressKey(written)?.toLowerCase() === addressKey(address)?.toLowerCase();
}

function standardRecipient(block: ReportedBlock): ReportedRecipient | null {
  const { addresses, action: word, status } = block;
  const action = actions.find((one) => one === word) ?? byClass[status?.[0] ?? ""];
  return action === undefined ? null : { addresses, action, status: moreExact(block) };
}

/** Some servers say 5.0.0, or nothing, and tell more in the reply that they quote. */
function moreExact({ status, diagnostic }: ReportedBlock): string | null {
  if (status !== null && !status.endsWith(".0.0")) return status;
  const quoted = statusOfReply(diagnostic);
  return quoted !== null && (status === null || quoted[0] === status[0]) ? quoted : status;
}

const actions = ["failed", "delayed", "delivered", "relayed", "expanded"] as const;

/** Where a report leaves the action out. */
const byClass: Readonly<Record<string, Fate["action"]>> = { "5": "failed", "4": "delayed", "2": "delivered" };

/** Exim, and Gmail for a time: the addresses stand in a header field, and only failures have it. */
function byFailedRecipients(mail: ReportMail): readonly ReportedRecipient[] | null {
  const addresses = headerValues(mail, "x-failed-recipients").flatMap((value) => value.split(/[,\s]+/));
  const named = addresses.filter((address) => addressKey(address) !== null);
  if (named.length === 0) return null;
  return [{ addresses: named, action: "failed", status: enhancedStatusIn(plainText(mail)) }];
}

/** qmail's own form, QSBMF: a paragraph for each recipient, behind a first sentence that is part of the form. */
function byQmail(mail: ReportMail): readonly ReportedRecipient[] | null {
  const [opening = "", ...paragraphs] = plainText(mail).split(/\n[ \t]*\n/);
  if (!opening.startsWith("Hi. This is the ")) return null;
  const returned = paragraphs.findIndex((paragraph) => paragraph.startsWith("-"));
  const recipients = paragraphs.slice(0, returned === -1 ? undefined : returned).flatMap((paragraph) => {
    const [, address] = /^\s*<([^<>\s]+)>:/.exec(paragraph) ?? [];
    if (address === undefined) return [];
    return [{ addresses: [address], action: "failed" as const, status: enhancedStatusIn(paragraph) }];
  });
  return recipients.length === 0 ? null : recipients;
}

/** Any mail server's own words about one recipient: of its own sender, who cannot be answered, with a status code. */
function byPostmaster(mail: ReportMail): readonly ReportedRecipient[] | null {
  const isServers = mail.from.some(({ address }) => /^(?:mailer-daemon|postmaster)@/i.test(address));
  const isAnswerable = headerValues(mail, "return-path").some((path) => !/^<\s*>/.test(path));
  const isReply = headerValues(mail, "auto-submitted").some((value) => /^auto-replied(?![\w-])/i.test(value));
  if (!isServers || isAnswerable || isReply) return null;
  const text = plainText(mail);
  const basic = /(?<![\d.-])[45][0-5]\d[ -][^\d\s]/.exec(text)?.[0] ?? "";
  const status = enhancedStatusIn(text) ?? statusOfReply(basic);
  if (status === null) return null;
  return [{ addresses: [], action: status.startsWith("5") ? "failed" : "delayed", status }];
}

function plainText({ texts }: ReportMail): string {
  return texts.find(({ type }) => type === "plain")?.text.replaceAll("\r\n", "\n") ?? "";
}
