/**
 * Mail addresses, compared in one place (DESIGN.md, hosts and identities): the local part as given
 * (RFC 5321 section 2.4), the domain as lower-case A-label.
 */

/** The form in which addresses are compared; null when the text is not one addr-spec of the plain form. */
export function addressKey(text: string): string | null {
  const at = text.lastIndexOf("@");
  if (at < 1 || at === text.length - 1 || text.length > 254) return null;
  const local = text.slice(0, at);
  if (local.length > 64 || !/^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]+$/u.test(local)) return null;
  if (local.startsWith(".") || local.endsWith(".") || local.includes("..")) return null;
  const domain = domainKey(text.slice(at + 1));
  return domain === null ? null : `${local}@${domain}`;
}

/** A domain as lower-case A-label (RFC 5890) without a final dot; null when it is none. */
export function domainKey(text: string): string | null {
  if (!/^[^\s/?#@:\\[\]%<>"]+$/u.test(text)) return null;
  const url = URL.parse(`http://${text}/`);
  if (url === null) return null;
  const host = url.hostname.replace(/\.$/, "");
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) || /(^|\.)\d+$/.test(host)) return null;
  return host;
}

/** The domain of an addr-spec in normal form, or null. */
export function addressDomain(address: string): string | null {
  const key = addressKey(address);
  return key === null ? null : key.slice(key.lastIndexOf("@") + 1);
}

/** Whether only mail servers with SMTPUTF8 (RFC 6531) can take an address: its local part is not ASCII alone. */
export function isInternational(address: string): boolean {
  return /\P{ASCII}/u.test(address.slice(0, address.lastIndexOf("@")));
}

/** How this site tells whether two addresses reach the same person. */
export interface AddressRules {
  /** `as-given`: RFC 5321 section 2.4; `ignore-case`: for servers that know no upper case. */
  readonly localPart: "as-given" | "ignore-case";
  /** Separator of sub-addresses (RFC 5233), for example `+`; null where the server has none. */
  readonly subaddress: string | null;
}

/** Whether two addresses are one by the site's rules; false when either is not an addr-spec of the plain form. */
export function isSameAddress(a: string, b: string, rules: AddressRules): boolean {
  const key = comparisonKey(a, rules);
  return key !== null && key === comparisonKey(b, rules);
}

function comparisonKey(address: string, rules: AddressRules): string | null {
  const key = addressKey(address);
  if (key === null) return null;
  const at = key.lastIndexOf("@");
  const user = withoutDetail(key.slice(0, at), rules.subaddress);
  return (rules.localPart === "ignore-case" ? user.toLowerCase() : user) + key.slice(at);
}

/** RFC 5233: the user part ends at the first separator; one at the very beginning separates nothing. */
function withoutDetail(local: string, separator: string | null): string {
  const end = separator === null ? -1 : local.indexOf(separator);
  return end < 1 ? local : local.slice(0, end);
}
