import type { Reply } from "../faulty-answers.ts";
import type { SentShare } from "./shares.ts";
import type { OcmRequest } from "./wire.ts";
import { davUnauthorized, ocmPermissionsProperty, serveWebdav } from "./webdav.ts";

/** Where Nextcloud and ownCloud serve what they share. */
export const publicWebdav = "/public.php/webdav/";
export const publicWebdavPath = /^\/public\.php\/webdav(?:\/(.*))?$/;

/** The share's root and what is below, to whoever showed what opens it; 401 for all others. */
export function serveShare(
  request: OcmRequest,
  below: string,
  share: Pick<SentShare, "root" | "permissions"> | null,
  refuse: (what: string) => void,
): Reply {
  if (share === null) return davUnauthorized();
  const more = { [ocmPermissionsProperty]: JSON.stringify(share.permissions) };
  return serveWebdav(request, { root: share.root, base: publicWebdav, below, more, refuse });
}
