import { limits } from "./limits.ts";
import { domainKey } from "./address.ts";

/** A link to a web page, plain enough to be the link of a share. */
export interface WebLink {
  /** As the WHATWG URL parser writes it. */
  readonly href: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  /** `host[:port]`. */
  readonly host: string;
  readonly path: string;
  /** Decoded; each key stands once in the link. */
  readonly query: ReadonlyMap<string, string>;
}

/**
 * Reads a link strictly: https, without userinfo and fragment, each key of the query once, and no other address in its
 * path, as in links that a mail filter has rewritten. Null for any other.
 */
export function readWebLink(text: string): WebLink | null {
  if (text.length > limits.urlChars || text.includes("#")) return null;
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return null;
  if (/\/\/|:|%2f|%3a|%5c/i.test(url.pathname)) return null;
  const query = new Map(url.searchParams);
  if (query.size !== url.searchParams.size || query.size > limits.queryKeys) return null;
  return { href: url.href, origin: url.origin, host: url.host, path: url.pathname, query };
}

/** The value of a key whose whole value has that form; null where it has not. */
export function queryValue(link: WebLink, key: string, form: RegExp): string | null {
  const value = link.query.get(key);
  return value !== undefined && form.test(value) ? value : null;
}

/** Whether the query has no keys but these. */
export function hasOnlyKeys(link: WebLink, keys: readonly string[]): boolean {
  return link.query.keys().every((key) => keys.includes(key));
}

/** `https://host[:port]` of a server given as host, host and port, or https origin with nothing behind; null for others. */
export function httpsOrigin(text: string): string | null {
  const parts = /^(?:https:\/\/)?([^\s/?#@:\\]{1,253})(:\d{1,5})?\/?$/i.exec(text);
  const host = domainKey(parts?.[1] ?? "");
  return host === null ? null : (URL.parse(`https://${host}${parts?.[2] ?? ""}/`)?.origin ?? null);
}
