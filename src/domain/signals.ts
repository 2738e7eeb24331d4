import { addressDomain, addressKey, domainKey } from "./address.ts";
import type { RegistrableDomain } from "./authentication-results.ts";
import type { Signal } from "./evidence.ts";
import { limits } from "./limits.ts";
import { headerValues, type MailView, type OwnLink } from "./mail.ts";
import { isServerAddress } from "./sharer.ts";

/** With what signs of deceit are looked for. */
export interface SignalContext {
  readonly registrableDomain: RegistrableDomain;
  /** Whether the name ends in a public suffix: `minutes.pdf` is a file. */
  readonly isHostName: (text: string) => boolean;
  readonly nowMs: number;
}

/** The cheap signs of deceit in one mail (reference/security.md 4, rule 7), each once, in a fixed order. */
export function signalsIn(mail: MailView, context: SignalContext): readonly Signal[] {
  const found: readonly (readonly [Signal, boolean])[] = [
    ["several-senders", mail.from.length > 1 || headerValues(mail, "from").length > 1],
    ["reply-to-elsewhere", repliesElsewhere(mail, context)],
    ["name-shows-another-address", namesAnotherAddress(mail, context)],
    ["link-shows-another-host", mail.ownLinks.some((link) => showsAnotherHost(link, context))],
    ["date-in-future", isFromFuture(mail, context)],
  ];
  return found.flatMap(([signal, holds]) => (holds ? [signal] : []));
}

/** A server that writes for its users sets Reply-To to one of them: that is how sharing products are made. */
function repliesElsewhere(mail: MailView, { registrableDomain }: SignalContext): boolean {
  const from = mail.from[0]?.address ?? "";
  if (isServerAddress(from)) return mail.replyTo.length > 1;
  const owner = ownerOf(addressDomain(from), registrableDomain);
  return mail.replyTo.some(({ address }) => ownerOf(addressDomain(address), registrableDomain) !== owner);
}

/** The display name is read as the sender by people and by most mail programs. */
function namesAnotherAddress(mail: MailView, { registrableDomain }: SignalContext): boolean {
  return mail.from.some(({ name, address }) => {
    const shown = name.slice(0, limits.mailSubjectChars).match(/[^\s"'<>(),:;@[\]]+@[^\s"'<>(),:;@[\]]+/g);
    return (shown ?? []).some((text) => !isSameSender(text, address, registrableDomain));
  });
}

/** A server may name the user it writes for, within its own organisation. */
function isSameSender(shown: string, address: string, registrableDomain: RegistrableDomain): boolean {
  const key = addressKey(shown.replace(/\.+$/, ""));
  if (key === null) return false;
  if (key.toLowerCase() === addressKey(address)?.toLowerCase()) return true;
  const [named, own] = [key, address].map((text) => ownerOf(addressDomain(text), registrableDomain));
  return isServerAddress(address) && named === own;
}

/** What is shown for a link names a host of another owner than the link's. */
function showsAnotherHost({ href, shown }: OwnLink, context: SignalContext): boolean {
  const host = shown === null ? null : hostShownIn(shown, context);
  if (host === null) return false;
  const { registrableDomain } = context;
  return ownerOf(URL.parse(href)?.hostname ?? null, registrableDomain) !== ownerOf(host, registrableDomain);
}

/** The host of an address that makes the whole text of a link, or stands in it with its scheme; null for other words. */
function hostShownIn(shown: string, { isHostName }: SignalContext): string | null {
  const text = shown.trim().slice(0, limits.urlChars);
  const [, named] = /\bhttps?:\/\/([^\s/?#<>"']+)/i.exec(text) ?? [];
  // A name before an at sign is a user, as a browser reads it.
  if (named !== undefined) return domainKey(named.replace(/^.*@/, "").replace(/:\d*$/, ""));
  const [, bare] = /^((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[/?#]\S*)?$/iu.exec(text) ?? [];
  const host = bare === undefined ? null : domainKey(bare);
  return host !== null && isHostName(host) ? host : null;
}

function isFromFuture(mail: MailView, { nowMs }: SignalContext): boolean {
  const writtenMs = Date.parse(headerValues(mail, "date")[0] ?? "");
  return writtenMs > nowMs + limits.futureDateMs;
}

function ownerOf(host: string | null, registrableDomain: RegistrableDomain): string | null {
  return host === null ? null : (registrableDomain(host) ?? host);
}
