import { limits } from "../../domain/limits.ts";
import type { SentShareRow } from "../../store/ocm-sent-shares.ts";

/** Path below which all shares are opened; the peer reads it from the discovery. */
const root = "/dav/ocm/";

/** What of a share a request is about. */
export interface Place {
  /** Path of the share as the peer calls it, with a slash at the end: its id is in it, or the secret alone tells the share. */
  readonly base: string;
  /** Names below the resource, decoded; empty for the resource itself. */
  readonly names: readonly string[];
  /** What stands behind the base in the request, percent-encoded: of a single file its name, or nothing. */
  readonly below: string;
  readonly hasSlash: boolean;
}

/**
 * Where a path as it was sent lies in a share; null for what cannot lie in one: names that lead elsewhere, and of a single file
 * anything but itself and its name (reference/ocm.md 4.6).
 */
export function placeIn(
  share: Pick<SentShareRow, "provider_id" | "resource_type" | "name">,
  path: string,
): Place | null {
  if (path.length > limits.filePathChars || !`${path}/`.startsWith(root)) return null;
  const all = namesIn(path.slice(root.length));
  if (all === null) return null;
  const isNamed = all[0] === share.provider_id;
  const names = isNamed ? all.slice(1) : all;
  const base = isNamed ? `${root}${share.provider_id}/` : root;
  const place = { base, below: encoded(names), hasSlash: path.endsWith("/") };
  if (share.resource_type === "folder") return { ...place, names };
  const isFile = names.length === 0 || (names.length === 1 && names[0] === share.name);
  return isFile ? { ...place, names: [] } : null;
}

/** Null where one of them is no plain name. Empty ones, from doubled slashes, are left out. */
function namesIn(path: string): readonly string[] | null {
  const names = path
    .split("/")
    .filter((name) => name !== "")
    .map(decoded);
  return names.every((name) => name !== null && isPlain(name)) ? names.filter((name) => name !== null) : null;
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

function isPlain(name: string): boolean {
  return name !== "." && name !== ".." && !/[/\\\p{Cc}]/u.test(name);
}

function encoded(names: readonly string[]): string {
  return names.map((name) => encodeURIComponent(name)).join("/");
}

/** The address of a place at the application; never outside of the resource. */
export function addressOf(
  resourceUrl: string,
  { names, hasSlash }: Pick<Place, "names" | "hasSlash">,
): string {
  if (names.length === 0) return resourceUrl;
  return `${resourceUrl.replace(/\/+$/, "")}/${encoded(names)}${hasSlash ? "/" : ""}`;
}

/**
 * The path at this server for an address or path that the application names; null for what lies outside of the resource. Only the
 * path counts: behind a reverse proxy an application may know itself by another host.
 */
export function pathFor(
  href: string,
  { resourceUrl, place }: { readonly resourceUrl: string; readonly place: Place },
): string | null {
  const rooted = namesIn(new URL(resourceUrl).pathname);
  const path = /^https?:\/\/[^/]*(\/.*)?$/i.exec(href)?.[1] ?? href;
  const names = path.startsWith("/") ? namesIn(path) : null;
  if (rooted === null || names === null || !rooted.every((name, at) => names[at] === name)) return null;
  const below = names.slice(rooted.length);
  if (below.length === 0 && place.names.length === 0) return place.base + place.below;
  return `${place.base}${encoded(below)}${below.length > 0 && path.endsWith("/") ? "/" : ""}`;
}
