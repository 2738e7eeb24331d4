import { readSharecode } from "../../domain/sharecode.ts";
import { hasOnlyKeys, queryValue, readWebLink, type WebLink } from "../../domain/web-link.ts";

/** A link of the first protocol of cozy-stack (reference/cozy.md, sections 3.1 to 3.3). `href` and `shareId` are secrets. */
export interface CozyV1Link {
  readonly variant: "request" | "discovery" | "sharecode";
  /** The sharer's Cozy. */
  readonly origin: string;
  readonly href: string;
  readonly shareId: string;
}

/** Reads a link strictly; null for a link of any other form. */
export function parseCozyV1Link(text: string): CozyV1Link | null {
  const link = text.includes("/sharings/") ? readWebLink(text) : null;
  if (link === null) return null;
  return requestIn(link) ?? discoveryIn(link) ?? sharecodeIn(link);
}

/** On the reader's own Cozy; who shares tells the address that the answer goes to. */
function requestIn(link: WebLink): CozyV1Link | null {
  if (link.path !== "/sharings/request") return null;
  const required = ["client_id", "redirect_uri", "scope", "sharing_type", "state"];
  if (!required.every((key) => link.query.has(key))) return null;
  if (!hasOnlyKeys(link, [...required, "App_slug", "app_slug", "response_type"])) return null;
  if ((link.query.get("response_type") ?? "code") !== "code") return null;
  const shareId = queryValue(link, "state", sharingId);
  const answer = readWebLink(link.query.get("redirect_uri") ?? "");
  if (shareId === null || answer?.path !== "/sharings/answer" || answer.query.size > 0) return null;
  return { variant: "request", origin: answer.origin, href: link.href, shareId };
}

/** On the sharer's Cozy, for a recipient whose Cozy is not known yet. */
function discoveryIn(link: WebLink): CozyV1Link | null {
  if (link.path !== "/sharings/discovery") return null;
  if (!hasOnlyKeys(link, ["recipient_email", "recipient_id", "sharing_id"])) return null;
  const shareId = queryValue(link, "sharing_id", sharingId);
  if (shareId === null || queryValue(link, "recipient_id", /^[\w-]{1,64}$/) === null) return null;
  if (queryValue(link, "recipient_email", /^[^\s@]+@[^\s@]+$/) === null) return null;
  return { variant: "discovery", origin: link.origin, href: link.href, shareId };
}

/** The rework of late 2017: the sharing stands in the path, and the code is a JWT. */
function sharecodeIn(link: WebLink): CozyV1Link | null {
  const shareId = /^\/sharings\/([0-9a-f]{32})\/discovery$/.exec(link.path)?.[1];
  if (shareId === undefined || !hasOnlyKeys(link, ["sharecode"])) return null;
  if (readSharecode(link.query.get("sharecode") ?? "")?.kind !== "jwt") return null;
  return { variant: "sharecode", origin: link.origin, href: link.href, shareId };
}

/** Random letters; the tests of cozy-stack have shorter ids with hyphens. */
const sharingId = /^[A-Za-z0-9_-]{8,64}$/;
