import type { OutboundResponse } from "../../http/outbound.ts";
import type { PeerReply } from "../../http/peer-route.ts";
import type { NotReached } from "./application.ts";

type Fields = OutboundResponse["headers"];

/** What an application says of a file that a peer may read; all else, cookies first, stays between the two of us. */
const shown = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "etag",
  "last-modified",
  "x-oc-mtime",
] as const;

/** Nothing of a share is run in a browser that opens it from the site's own address. */
const harmless = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox",
  "content-disposition": "attachment",
};

export function shownFields(fields: Fields): Readonly<Record<string, string>> {
  const kept = shown.flatMap((name) => {
    const value = fields[name]?.[0];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...harmless };
}

/** These mean the same to the peer as to us. */
const passed: ReadonlySet<number> = new Set([
  200, 201, 204, 206, 304, 400, 404, 405, 409, 412, 413, 415, 416, 423, 507,
]);

/**
 * The status for the peer. That the application does not know us any more, or sends us elsewhere, is no news about the peer's own
 * rights: 401 and 403 would let servers throw the share away. `isWrite`: there 403 may be about the file.
 */
function statusFor(status: number, isWrite: boolean): number {
  if (passed.has(status) || (isWrite && status === 403)) return status;
  return status === 429 || status === 503 ? 503 : 502;
}

/** An answer without the application's own words. */
export function bare(status: number, fields: Fields, isWrite: boolean): PeerReply {
  const told = statusFor(status, isWrite);
  const { etag, "x-oc-mtime": mtime, "content-range": range } = shownFields(fields);
  const kept = { etag, "x-oc-mtime": mtime, "content-range": told === 416 ? range : undefined };
  const headers = Object.entries(kept).filter((each): each is [string, string] => each[1] !== undefined);
  return { status: told, headers: Object.fromEntries(headers) };
}

export function unreached({ temporary }: NotReached): PeerReply {
  return temporary ? { status: 503, headers: { "retry-after": "60" } } : { status: 502 };
}

/** RFC 4918 section 16. */
export function davError(status: number, condition: string): PeerReply {
  return {
    status,
    headers: { "content-type": "application/xml; charset=utf-8" },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<error xmlns="DAV:"><${condition}/></error>`,
  };
}
