import { getDomain, parse } from "tldts";

/**
 * By the public suffix list with its private part: two customers of one hoster are two owners. tldts holds the list as of
 * its release; an unknown top-level domain counts as one suffix.
 */
export function registrableDomain(host: string): string | null {
  return getDomain(host, { allowPrivateDomains: true });
}

/**
 * Whether a text of the form `word.word` is meant as a host: its suffix is on the list or reserved (RFC 2606), and it is
 * not one that files have as well.
 */
export function isHostName(text: string): boolean {
  const { isIcann, isPrivate, publicSuffix } = parse(text, { allowPrivateDomains: true });
  if (publicSuffix === null) return false;
  const isListed = isIcann === true || isPrivate === true || reservedSuffixes.has(publicSuffix);
  return isListed && !fileSuffixes.has(publicSuffix);
}

const reservedSuffixes: ReadonlySet<string> = new Set(["example", "test"]);

/** Top-level domains that people know as kinds of files. */
const fileSuffixes: ReadonlySet<string> = new Set(["ai", "md", "mov", "pl", "ps", "py", "rs", "sh", "zip"]);
