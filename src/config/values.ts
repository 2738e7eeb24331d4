import { createPrivateKey } from "node:crypto";
import ipaddr from "ipaddr.js";
import { addressKey, domainKey, isInternational } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import { readSiteKeys } from "./site-keys.ts";
import { type Parsed, right, wrong } from "./parsed.ts";

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 };

/** `30s 5m 1h 30d` as milliseconds, within the bounds given. */
export function durationMs(minMs: number, maxMs: number): (value: unknown) => Parsed<number> {
  return (value) => {
    const [, count, unit] = typeof value === "string" ? (/^(\d{1,9})([smhd])$/.exec(value) ?? []) : [];
    const ms = Number(count) * (unitMs[unit ?? ""] ?? Number.NaN);
    if (Number.isNaN(ms)) {
      return wrong("not a duration.", "Write a whole number and a unit: 30s, 5m, 1h or 30d.");
    }
    if (ms < minMs) return wrong("too short.", `Write at least ${minMs / 1000}s.`);
    if (ms > maxMs) return wrong("too long.", `Write at most ${maxMs / (unitMs["d"] ?? 1)}d.`);
    return right(ms);
  };
}

export function port(value: unknown): Parsed<number> {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535)
    return right(value);
  return wrong("not a port.", "Write a number from 1 to 65535, without quotes.");
}

/** One line of text for people or servers. */
export function text(value: unknown): Parsed<string> {
  if (typeof value !== "string")
    return wrong("not a text.", "Write a text; put it into quotes if it looks like a number.");
  if (value.trim() === "") return wrong("empty.", "Write a value, or remove the key.");
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    return wrong("holds a line break or control character.", "Write it on one line.");
  }
  return value.length <= limits.remoteTextChars
    ? right(value)
    : wrong("too long.", `Write at most ${limits.remoteTextChars} characters.`);
}

/** Printable ASCII, as a header field wants it (RFC 9110 section 10.1.5). */
export function userAgent(value: unknown): Parsed<string> {
  if (typeof value === "string" && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(value)) return text(value);
  return wrong("not a User-Agent.", "Write printable ASCII, for example Usher/1.0.");
}

export function oneOf<const T extends string>(...words: readonly T[]): (value: unknown) => Parsed<T> {
  return (value) => {
    const found = words.find((known) => known === value);
    return found === undefined
      ? wrong("not one of the known words.", `Write one of: ${words.join(", ")}.`)
      : right(found);
  };
}

export function yesOrNo(value: unknown): Parsed<boolean> {
  return typeof value === "boolean" ? right(value) : wrong("neither true nor false.", "Write true or false.");
}

/** The name of a variant of a protocol's mails, in lower case with hyphens. */
export function word(value: unknown): Parsed<string> {
  if (typeof value === "string" && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value)) return text(value);
  return wrong("not a name.", "Write it in lower case with hyphens, for example share-created.");
}

/** One level of a mailbox's folders: no separator of any server, no wildcard of LIST (RFC 9051 section 6.3.9). */
export function folderName(value: unknown): Parsed<string> {
  const read = text(value);
  if (!read.ok || (read.value === read.value.trim() && !/[/.\\%*]/.test(read.value))) return read;
  return wrong("not the name of one folder.", "Write a name without / . \\ % and *, for example Shares.");
}

/** `https://host[:port]` and nothing else, as the URL parser writes it. */
export function publicUrl(value: unknown): Parsed<string> {
  const url = typeof value === "string" ? URL.parse(value) : null;
  const isOrigin = url !== null && url.protocol === "https:" && url.href === `${url.origin}/`;
  if (isOrigin) return right(url.origin);
  return wrong(
    "not a public address.",
    "Write https:// and the host, for example https://usher.example.org.",
  );
}

/** A range of addresses, or one address alone. */
export function addressOrRange(value: unknown): Parsed<string> {
  if (typeof value === "string" && value.includes("/")) return cidr(value);
  const one = address(value);
  return one.ok ? right(`${one.value}/${one.value.includes(":") ? 128 : 32}`) : one;
}

/** A host name in normal form (lower-case A-label) or an address literal without brackets. */
export function host(value: unknown): Parsed<string> {
  const literal = typeof value === "string" ? addressLiteral(value) : null;
  const name = typeof value === "string" ? (literal ?? domainKey(value)) : null;
  if (name !== null) return right(name);
  return wrong(
    "not a host.",
    "Write the host alone, for example mail.example.org or 192.0.2.1: no scheme, no user, no port.",
  );
}

/** An address literal in normal form; null for names and for the odd spellings that only some programs read. */
function addressLiteral(value: string): string | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(value)) return value;
  const inner = /^\[(.*)\]$/.exec(value)?.[1] ?? value;
  return ipaddr.IPv6.isValid(inner) && !inner.includes("%") ? ipaddr.IPv6.parse(inner).toString() : null;
}

/** An IPv4 or IPv6 address, written in its shortest form. */
export function address(value: unknown): Parsed<string> {
  const literal = typeof value === "string" ? addressLiteral(value) : null;
  return literal === null
    ? wrong("not an IP address.", "Write an address, for example 127.0.0.1 or 2001:db8::1.")
    : right(literal);
}

/** A range of addresses; the bits beyond its length may be set. */
export function cidr(value: unknown): Parsed<string> {
  const [range, bits, ...more] = typeof value === "string" ? value.split("/") : [];
  const literal = addressLiteral(range ?? "");
  const most = literal?.includes(":") === true ? 128 : 32;
  if (literal === null || more.length > 0 || !/^\d{1,3}$/.test(bits ?? "") || Number(bits) > most) {
    return wrong("not a range of addresses.", "Write address/bits, for example 127.0.0.0/8 or ::1/128.");
  }
  return right(`${literal}/${Number(bits)}`);
}

/** Whether an address literal lies in a range; false for host names. */
export function isInRange(literal: string, range: string): boolean {
  if (addressLiteral(literal) === null) return false;
  const actual = ipaddr.parse(literal);
  const [network, bits] = ipaddr.parseCIDR(range);
  return actual.kind() === network.kind() && actual.match(network, bits);
}

/** Whether a host is an address literal. */
export function isAddressLiteral(name: string): boolean {
  return addressLiteral(name) !== null;
}

/** Whether a host is this machine: by an address of loopback, or as `localhost`. */
export function isLoopback(name: string): boolean {
  return name === "localhost" || isInRange(name, "127.0.0.0/8") || isInRange(name, "::1/128");
}

/** The host of an origin, with `:port` where it is not the one of https. */
export function originHost(value: unknown): Parsed<string> {
  const [, name, digits] =
    typeof value === "string" ? (/^(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/.exec(value) ?? []) : [];
  const found = host(name);
  const number = digits === undefined ? right(443) : port(Number(digits));
  if (!found.ok || !number.ok) {
    return wrong(
      "not the host of an origin.",
      "Write cloud.example.org or cloud.example.org:8443, without https://.",
    );
  }
  const shown = found.value.includes(":") ? `[${found.value}]` : found.value;
  return right(number.value === 443 ? shown : `${shown}:${number.value}`);
}

/** A domain, written as lower-case A-labels. */
export function domain(value: unknown): Parsed<string> {
  const key = typeof value === "string" ? domainKey(value) : null;
  return key === null ? wrong("not a domain.", "Write a domain, for example example.org.") : right(key);
}

/** An address that mail can come from, its domain as A-label: no mail server on the way need know SMTPUTF8 for it. */
export function mailAddress(value: unknown): Parsed<string> {
  const key = typeof value === "string" ? addressKey(value) : null;
  if (key === null)
    return wrong("not a mail address.", "Write one address alone, for example usher@example.org.");
  return isInternational(key)
    ? wrong("an address that many mail servers refuse.", "Write ASCII characters alone before the @ sign.")
    : right(key);
}

/** An address that takes reports back: room for a detail of its own behind a `+` (domain/bounce-address.ts). */
export function bouncesAddress(value: unknown): Parsed<string> {
  const read = mailAddress(value);
  if (!read.ok || read.value.lastIndexOf("@") <= limits.bounceLocalChars) return read;
  const most = `Write at most ${limits.bounceLocalChars} characters before the @ sign`;
  return wrong("too long.", `${most}: each mail gets a detail of its own behind them.`);
}

/** An authserv-id (RFC 8601 section 2.5), compared in lower case. */
export function authservId(value: unknown): Parsed<string> {
  if (typeof value === "string" && /^[\w.:@-]{1,255}$/.test(value)) return right(value.toLowerCase());
  return wrong("not an authserv-id.", "Write the first word of the server's Authentication-Results field.");
}

/** RFC 5233: the one character that begins the detail of an address. */
export function separator(value: unknown): Parsed<string> {
  if (typeof value === "string" && /^[!#$%&'*+/=?^_`{|}~-]$/.test(value)) return right(value);
  return wrong(
    "not a separator.",
    'Write one character that an address may hold, in quotes, for example "+" or "*".',
  );
}

/** 32 bytes in base64. */
export function sealingKey(secret: string): Parsed<string> {
  const bytes = Buffer.from(secret, "base64");
  if (bytes.length === 32 && bytes.toString("base64") === secret) return right(secret);
  return wrong("not a key: 32 bytes in base64 are needed.", "Make one: openssl rand -base64 32");
}

/** A whole number within the bounds given. */
export function wholeNumber(min: number, max: number): (value: unknown) => Parsed<number> {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? right(value)
      : wrong("not a number that fits here.", `Write a whole number from ${min} to ${max}, without quotes.`);
}

/** `22:00` as minutes since midnight. */
export function timeOfDay(value: unknown): Parsed<number> {
  const [, hours, minutes] =
    typeof value === "string" ? (/^([01]\d|2[0-3]):([0-5]\d)$/.exec(value) ?? []) : [];
  if (hours !== undefined && minutes !== undefined) return right(Number(hours) * 60 + Number(minutes));
  return wrong("not a time of day.", 'Write hours and minutes in quotes, for example "22:00".');
}

/** A name of the time zone database that this machine knows. */
export function timeZone(value: unknown): Parsed<string> {
  try {
    const { timeZone: known } = new Intl.DateTimeFormat("en", { timeZone: String(value) }).resolvedOptions();
    return right(known);
  } catch {
    return wrong("not a time zone.", "Write a name of the time zone database, for example Europe/Berlin.");
  }
}

/** One or more labels (RFC 6376 section 3.1). */
export function dkimSelector(value: unknown): Parsed<string> {
  if (typeof value === "string" && /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i.test(value)) return right(value);
  return wrong("not a selector.", "Write the label below _domainkey, for example mail2026.");
}

/** A private key that DKIM can sign with (RFC 6376, RFC 8463). */
export function privateKey(secret: string): Parsed<string> {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(secret);
    if (type === "ed25519" || (type === "rsa" && (details?.modulusLength ?? 0) >= 2048)) return right(secret);
  } catch {
    // Said below: the same for what is no key and for a key of another kind.
  }
  return wrong(
    "not a private key for DKIM.",
    "Make one: openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048",
  );
}

/** The two keys that `usher init` writes. */
export function siteKeys(secret: string): Parsed<string> {
  if (readSiteKeys(secret) !== null) return right(secret);
  return wrong(
    "not the two private keys that other servers know the site by.",
    "Write an RSA key of at least 2048 bits and an Ed25519 key, each as PEM, one behind the other, as `usher init` does.",
  );
}
