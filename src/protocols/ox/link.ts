import { limits } from "../../domain/limits.ts";
import { type OxTarget, parseTargetPath } from "./target-path.ts";
import { decodeToken, type GuestIds } from "./token.ts";

/** A share link of OX App Suite (reference/ox.md, section 3). `href` and `token` are secrets. */
export interface OxLink {
  /** The link as the WHATWG URL parser writes it. */
  readonly href: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Base of all calls at the origin, with a final slash: `https://host/ajax/`. */
  readonly apiBase: string;
  /** 48 hex digits, lower-case. */
  readonly token: string;
  /** Null where no OX server can have issued the token. */
  readonly guest: GuestIds | null;
  /** The path behind the token, as written; empty when there is none. */
  readonly targetPath: string;
  /** Null for a link without a target, and for a target path of another form. */
  readonly target: OxTarget | null;
}

/** Reads a share link strictly: https only, without userinfo, query and fragment. `not` is a kebab-case reason. */
export function parseOxLink(text: string): OxLink | { readonly not: string } {
  const refusal = refusalOf(text);
  if (refusal !== null) return { not: refusal };
  const url = URL.parse(text);
  if (url === null) return { not: "share-url-unreadable" };
  const parts = /^(.*\/)share\/([0-9a-fA-F]{48})((?:\/[^/?#]+)*)\/?$/.exec(url.pathname);
  const [, prefix, token, targetPath] = parts ?? [];
  if (prefix === undefined || token === undefined || targetPath === undefined) {
    return { not: "share-url-without-share-path" };
  }
  return {
    href: url.href,
    origin: url.origin,
    apiBase: url.origin + prefix,
    token: token.toLowerCase(),
    guest: decodeToken(token),
    targetPath,
    target: parseTargetPath(targetPath),
  };
}

/** Looks at the text itself, because the URL parser repairs and hides what must be refused. */
function refusalOf(text: string): string | null {
  if (text.length > limits.urlChars) return "share-url-too-long";
  if (!/^[\x21-\x7e\u00a1-\uffff]+$/.test(text) || text.includes("\\")) return "share-url-unreadable";
  if (!/^https:\/\/[^/]/i.test(text)) return "share-url-not-https";
  if (text.includes("#")) return "share-url-with-fragment";
  if (text.includes("?")) return "share-url-with-query";
  if (/^[^/]*\/\/[^/]*@/.test(text)) return "share-url-with-userinfo";
  return null;
}
