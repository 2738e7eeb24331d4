import { readSharecode, type Sharecode } from "../../domain/sharecode.ts";
import { hasOnlyKeys, queryValue, readWebLink, type WebLink } from "../../domain/web-link.ts";

/** A link of today's cozy-stack (reference/cozy.md, sections 3.1 and 3.4). `href`, `shareId` and `code` are secrets. */
export interface CozyLink {
  readonly variant: "discovery" | "preview" | "shortcut";
  /** The Cozy that the link is on; null where it is the reader's own, or a page of an app. */
  readonly origin: string | null;
  readonly host: string;
  readonly href: string;
  readonly shareId: string;
  readonly sharecode: Sharecode | null;
}

/** Reads a link strictly; null for a link of any other form. */
export function parseCozyLink(text: string): CozyLink | null {
  const link = /\/sharings\/|\/sharing\?|\?sharecode=/.test(text) ? readWebLink(text) : null;
  if (link === null) return null;
  return discoveryIn(link) ?? shortcutIn(link) ?? previewIn(link);
}

/** With the member's state, or with his short code; a JWT at this place is of the generation before. */
function discoveryIn(link: WebLink): CozyLink | null {
  const shareId = /^\/sharings\/([0-9a-f]{32})\/discovery$/.exec(link.path)?.[1];
  if (shareId === undefined) return null;
  const { origin, host, href } = link;
  const found: CozyLink = { variant: "discovery", origin, host, href, shareId, sharecode: null };
  if (hasOnlyKeys(link, ["state", "shortcut"])) {
    return queryValue(link, "state", memberState) === null ? null : found;
  }
  const sharecode = readSharecode(link.query.get("sharecode") ?? "");
  return sharecode?.kind === "short" && hasOnlyKeys(link, ["sharecode", "shortcut"])
    ? { ...found, sharecode }
    : null;
}

/** On the reader's own Cozy, which knows the sharing already: only the Cozy knows whose it is. */
function shortcutIn(link: WebLink): CozyLink | null {
  if (link.path !== "/auth/authorize/sharing" || !hasOnlyKeys(link, ["sharing_id", "state"])) return null;
  const shareId = queryValue(link, "sharing_id", /^[0-9a-f]{32}$/);
  if (shareId === null || queryValue(link, "state", memberState) === null) return null;
  return { variant: "shortcut", origin: null, host: link.host, href: link.href, shareId, sharecode: null };
}

/** Any page of an app, for a sharecode alone. */
function previewIn(link: WebLink): CozyLink | null {
  if (link.path.startsWith("/sharings/") || !hasOnlyKeys(link, ["sharecode"])) return null;
  const sharecode = readSharecode(link.query.get("sharecode") ?? "");
  if (sharecode === null) return null;
  const { host, href } = link;
  return { variant: "preview", origin: null, host, href, shareId: sharecode.code, sharecode };
}

/** 16 random bytes in base64url. */
const memberState = /^[A-Za-z0-9_-]{22}$/;

/**
 * Whether the page of an app at `host` can be of the Cozy at `instance` (both `host[:port]`): apps live on sub-domains,
 * nested as in `drive.alice.example` or flat as in `alice-drive.example`.
 */
export function isAppHostOf(host: string, instance: string): boolean {
  if (host === instance || host.slice(host.indexOf(".") + 1) === instance) return true;
  const [owner = "", ...domain] = instance.split(".");
  const [first = "", ...rest] = host.split(".");
  return owner !== "" && first.startsWith(`${owner}-`) && rest.join(".") === domain.join(".");
}

/** The Cozy that an app's page is of, as far as the name of its host tells; null where it cannot be told. */
export function instanceOfAppHost(host: string): string | null {
  const [first = "", ...rest] = host.split(".");
  const hyphen = first.lastIndexOf("-");
  if (hyphen > 0 && rest.length > 0) return [first.slice(0, hyphen), ...rest].join(".");
  return rest.length > 1 ? rest.join(".") : null;
}
