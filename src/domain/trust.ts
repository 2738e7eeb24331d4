import { addressDomain, addressKey, domainKey } from "./address.ts";
import {
  type AuthenticationResults,
  type AuthenticationTrust,
  type RegistrableDomain,
  trustedResults,
} from "./authentication-results.ts";
import { plainAddress } from "./from-field.ts";
import { limits } from "./limits.ts";
import { headerValues, type MailView } from "./mail.ts";
import type { Authentication, ShareNotification } from "./share.ts";
import { areListed } from "./signature.ts";

/**
 * What the receiving mail server said about the sender, and whether the share's origin belongs to him. `mustBeSigned`: header
 * fields for which the sender is believed only where his signatures cover them.
 */
export function judgeAuthentication(
  mail: MailView,
  notification: ShareNotification | null,
  trust: AuthenticationTrust,
  mustBeSigned: readonly string[] = [],
): Authentication {
  const from = onlyFrom(mail);
  const fromDomain = from === null ? null : addressDomain(from);
  const said = trustedResults(mail.headers, trust);
  return {
    from,
    dkim: resultOf(said, "dkim"),
    spf: resultOf(said, "spf"),
    dmarc: resultOf(said, "dmarc"),
    authservId: said?.authservId ?? null,
    by: said === null ? null : "authentication-results",
    trusted:
      fromDomain !== null &&
      passesDmarc(said, fromDomain) &&
      isPlainlyWritten(mail, from) &&
      areSigned(mail, said, fromDomain, { names: mustBeSigned, ...trust }),
    linkAligned: isAligned(notification, fromDomain, trust.registrableDomain),
  };
}

/** The address of the one From field with one address; null for any other number, and where the number is unknown. */
function onlyFrom(mail: MailView): string | null {
  const [only, ...others] = mail.from;
  if (mail.isHeaderCut === true) return null;
  if (only === undefined || others.length > 0 || headerValues(mail, "from").length !== 1) return null;
  return only.address === "" || only.address.length > limits.addressChars ? null : only.address;
}

/** `pass` where one of several results of the method passes, as with several DKIM signatures; else the first. */
function resultOf(said: AuthenticationResults | null, method: string): string | null {
  const results = said?.results.filter((result) => result.method === method) ?? [];
  return (results.find(({ result }) => result === "pass") ?? results[0])?.result ?? null;
}

/** Exactly one DMARC result, it passes, and it names exactly the From domain. */
function passesDmarc(said: AuthenticationResults | null, fromDomain: string): boolean {
  const [dmarc, ...others] = said?.results.filter((result) => result.method === "dmarc") ?? [];
  if (dmarc?.result !== "pass" || others.length > 0) return false;
  const [named, ...more] = dmarc.properties.filter(({ key }) => key === "header.from");
  return named !== undefined && more.length === 0 && domainKey(named.value) === fromDomain;
}

/** Whether the receiving server found a signature good, and those of the sender cover all fields of these names. */
function areSigned(
  mail: MailView,
  said: AuthenticationResults | null,
  fromDomain: string,
  { names, registrableDomain }: { readonly names: readonly string[] } & AuthenticationTrust,
): boolean {
  if (names.length === 0) return true;
  return resultOf(said, "dkim") === "pass" && areListed(names, mail.headers, fromDomain, registrableDomain);
}

/**
 * Whether the address that was understood is what every reader sees. Readers disagree about stranger forms, and what the
 * mail server authenticated may not be what is shown.
 */
function isPlainlyWritten(mail: MailView, from: string | null): boolean {
  const plain = plainAddress(headerValues(mail, "from")[0] ?? "");
  return plain !== null && from !== null && plain === addressKey(from);
}

/** Registrable domains of the origin (of the link's host where the mail does not tell the origin) and of From are equal. */
function isAligned(
  notification: ShareNotification | null,
  fromDomain: string | null,
  registrableDomain: RegistrableDomain,
): boolean {
  const url = URL.parse(notification?.origin ?? notification?.link ?? "");
  if (url === null || fromDomain === null) return false;
  const owner = registrableDomain(url.hostname);
  return owner !== null && owner === registrableDomain(fromDomain);
}
