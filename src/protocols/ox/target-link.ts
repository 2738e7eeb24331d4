import { type OxLink, parseOxLink } from "./link.ts";
import type { FolderTarget } from "./restrictions.ts";
import { type Trouble, trouble } from "./troubles.ts";

/** Module numbers in target paths (reference/ox.md 3.3). */
const moduleNumbers: Readonly<Record<FolderTarget["module"], number>> = { files: 8, calendar: 2 };

/** The link of a share, unless no OX server can have issued it; then nobody needs to be asked. */
export function issuedLink(text: string): (OxLink & { readonly kind: "link" }) | Trouble {
  const link = parseOxLink(text);
  return "not" in link || link.guest === null ? trouble("link-malformed") : { kind: "link", ...link };
}

/**
 * The link of the same guest to another folder: a later mail may have named it, and the path behind a token is only a
 * jump target (reference/ox.md 1, point 5). The link itself where it names the folder already. Secret.
 */
export function linkTo(link: OxLink, target: FolderTarget): string {
  const own = link.target;
  if (own?.module === target.module && own.folder === target.folder && own.item === null) return link.href;
  const folder = Buffer.from(target.folder, "utf8").toString("base64url");
  return `${link.apiBase}share/${link.token}/1/${moduleNumbers[target.module]}/${folder}`;
}
