import { addressKey } from "../domain/address.ts";
import { isDeliveryReport, readBounce } from "../domain/delivery-status.ts";
import { limits } from "../domain/limits.ts";
import { headerValues, type MailView } from "../domain/mail.ts";
import type { Inspection, ShareNotification } from "../domain/share.ts";
import { judgeAuthentication } from "../domain/trust.ts";
import type { MailReader, NotAnnounced } from "../protocols/protocol.ts";
import { registrableDomain } from "./registrable-domain.ts";

/** For whom a mail is inspected. */
export interface InspectionScope {
  /** Ids of the receiving mail servers whose Authentication-Results count; empty trusts none. */
  readonly trustedAuthservIds: readonly string[];
  /** Addresses of the reader: what he sent himself is no notification for him. */
  readonly forAddresses?: readonly string[];
}

/** What Usher sees in one mail. Delivery reports come first, because many of them also call themselves automatic replies. */
export function inspectMail(
  mail: MailView,
  readers: readonly MailReader[],
  scope: InspectionScope,
): Inspection {
  const found = verdictOn(mail, readers, scope.forAddresses ?? []);
  const notification = found.notification ?? null;
  return {
    verdict: found.verdict,
    because: found.because ?? null,
    notification,
    ...(found.revoked === undefined ? {} : { revoked: found.revoked }),
    authentication: judgeAuthentication(
      mail,
      found.revoked ?? notification,
      { authservIds: scope.trustedAuthservIds, registrableDomain },
      readers.flatMap((reader) => reader.mustBeSigned?.(mail) ?? []),
    ),
    bounce: found.verdict === "delivery-status" ? readBounce(mail) : null,
  };
}

interface Found {
  readonly verdict: Inspection["verdict"];
  readonly because?: string;
  readonly notification?: ShareNotification;
  readonly revoked?: ShareNotification;
}

function verdictOn(mail: MailView, readers: readonly MailReader[], own: readonly string[]): Found {
  if (isDeliveryReport(mail)) return { verdict: "delivery-status" };
  if (isAutomaticReply(mail)) return { verdict: "auto-reply" };
  const guard = loopGuard(mail);
  if (guard !== null) return { verdict: "none", because: guard };
  for (const reader of readers) {
    const detected = reader.detect(mail);
    if (detected === null) continue;
    if ("not" in detected) return { verdict: "none", because: detected.not, ...revokedIn(detected) };
    if (isOwn(detected, own)) return { verdict: "none", because: "sent-by-the-reader" };
    return { verdict: "share-notification", notification: detected };
  }
  return { verdict: "none", because: "no-share-notification" };
}

function revokedIn({ revoked }: NotAnnounced): Pick<Found, "revoked"> {
  return revoked === undefined ? {} : { revoked };
}

/** RFC 3834 section 5. `auto-generated` alone is no reason: share notifications carry it (reference/ox.md, section 2.1). */
function isAutomaticReply(mail: MailView): boolean {
  return headerValues(mail, "auto-submitted").some((value) => /^auto-replied(?![\w-])/i.test(value));
}

/**
 * Why no action may follow from a mail, whatever it says (reference/security.md, section 5); null for none. Of the fields of
 * mailing lists only those that name one count (RFC 2919, RFC 2369): services that send for others add List-Unsubscribe.
 */
function loopGuard(mail: MailView): string | null {
  if (mail.isHeaderCut === true) return "header-block-too-large";
  if (headerValues(mail, "received").length > limits.receivedFields) return "too-many-hops";
  if (headerValues(mail, "return-path").some((path) => /^<\s*>/.test(path))) return "null-return-path";
  if (headerValues(mail, "precedence").some((value) => /^(bulk|junk|list)$/i.test(value))) return "bulk-mail";
  // Written by Usher, here or elsewhere, about a share that has its own mail (mail/compose.ts).
  if (mail.headers.some(({ name }) => name === "x-usher-notice")) return "usher-notice";
  if (mail.headers.some(({ name }) => name === "list-id" || name === "list-post")) return "mailing-list";
  return null;
}

function isOwn(notification: ShareNotification, own: readonly string[]): boolean {
  const keys = new Set(own.map(addressKey).filter((key) => key !== null));
  const sharer = addressKey(notification.sharer.address);
  return sharer !== null && keys.has(sharer);
}
