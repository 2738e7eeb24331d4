import { getDomain } from "tldts";

/**
 * By the public suffix list with its private part: two customers of one hoster are two owners. tldts holds the list as of
 * its release; an unknown top-level domain counts as one suffix.
 */
export function registrableDomain(host: string): string | null {
  return getDomain(host, { allowPrivateDomains: true });
}
