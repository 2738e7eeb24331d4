import { readWebLink } from "../../domain/web-link.ts";

/** A public link of Nextcloud or ownCloud (reference/ocm.md 3.3). `href` and `shareId`, its token, are secrets. */
export interface PublicLink {
  readonly origin: string;
  readonly href: string;
  readonly shareId: string;
}

/** `https://host[/sub][/index.php]/s/<15 letters or digits>` with nothing behind; null for any other link. */
export function parsePublicLink(text: string): PublicLink | null {
  const link = text.includes("/s/") ? readWebLink(text) : null;
  if (link === null || link.query.size > 0) return null;
  const shareId = /^(?:\/[\w.~-]+)*\/s\/([A-Za-z0-9]{15})\/?$/.exec(link.path)?.[1];
  return shareId === undefined ? null : { origin: link.origin, href: link.href, shareId };
}
