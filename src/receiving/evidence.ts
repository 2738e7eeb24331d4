import { domainToUnicode } from "node:url";
import { addressDomain } from "../domain/address.ts";
import { contactAddress } from "../domain/contact-address.ts";
import type { Evidence, HostView, SignatureFinding } from "../domain/evidence.ts";
import { type HostContext, viewHost } from "../domain/hosts.ts";
import { isJunk, type MailPlace } from "../domain/junk.ts";
import type { MailView } from "../domain/mail.ts";
import type { Authentication, Inspection, ShareNotification } from "../domain/share.ts";
import { believeSignature, type DkimVerdict } from "../domain/signature.ts";
import { signalsIn } from "../domain/signals.ts";
import type { MailReader } from "../protocols/protocol.ts";
import { isHostName, registrableDomain } from "./registrable-domain.ts";

/** What the account knows already. */
export interface Acquaintance {
  /** Hosts and domains: the account's own, its contacts', those of its subscriptions and of rules. */
  readonly hosts: readonly string[];
  /** `host[:port]` of origins that rules accept by name, or where the account follows a share. */
  readonly origins: readonly string[];
  /** The contact under an address as its mail names it; null where there is none. */
  readonly contact: (address: string) => { readonly isTrusted: boolean } | null;
}

/** One mail that announces a share, and all there is to judge it by. */
export interface EvidenceSource {
  readonly mail: MailView;
  readonly inspection: Inspection & { readonly notification: ShareNotification };
  readonly place: MailPlace;
  /** Null where the signature was not looked at. */
  readonly verdict: DkimVerdict | null;
  readonly readers: readonly MailReader[];
  readonly known: Acquaintance;
  readonly nowMs: number;
}

/** Whether the mail's own signature is to be looked at: one sender, and no trusted server spoke about him. */
export function needsSignature({ authentication }: Inspection): boolean {
  return authentication.by === null && authentication.from !== null;
}

/** Everything that speaks for or against believing a mail. Asks nobody. */
export function buildEvidence(source: EvidenceSource): Evidence {
  const { mail, inspection, place, known, nowMs } = source;
  const { notification } = inspection;
  const { authentication, signature } = authenticated(source);
  const context: HostContext = { known: known.hosts, registrableDomain, toUnicode: domainToUnicode };
  const address = contactAddress(authentication, notification.sharer.address);
  const contact = address === null ? null : known.contact(address);
  const sender = addressDomain(authentication.from ?? mail.from[0]?.address ?? "");
  return {
    authentication,
    signature,
    origin: hostOf(notification.origin, context),
    link: hostOf(notification.link, context),
    sender: sender === null ? null : viewHost(sender, context),
    isKnownOrigin: known.origins.includes(URL.parse(notification.origin ?? "")?.host ?? "none"),
    signals: signalsIn(mail, { registrableDomain, isHostName, nowMs }),
    isJunk: isJunk(place),
    isKnownContact: contact !== null,
    isTrustedSender: contact?.isTrusted === true,
  };
}

function authenticated({ mail, inspection, verdict, readers }: EvidenceSource): {
  readonly authentication: Authentication;
  readonly signature: SignatureFinding | null;
} {
  const { authentication, notification } = inspection;
  if (verdict === null || !needsSignature(inspection)) return { authentication, signature: null };
  const decidingHeaders = readers.flatMap((reader) => {
    if (reader.mustBeSigned !== undefined) return reader.mustBeSigned(mail);
    return reader.name === notification.protocol ? [...reader.headers, ...(reader.alsoReads ?? [])] : [];
  });
  const believed = believeSignature(mail, authentication, verdict, { decidingHeaders, registrableDomain });
  return { authentication: believed.authentication, signature: believed.finding };
}

function hostOf(url: string | null, context: HostContext): HostView | null {
  const host = URL.parse(url ?? "")?.hostname ?? "";
  return host === "" ? null : viewHost(host, context);
}
