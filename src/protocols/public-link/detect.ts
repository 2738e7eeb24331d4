import { limits } from "../../domain/limits.ts";
import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";
import { parsePublicLink, type PublicLink } from "./link.ts";
import { titleInSubject } from "./subject-title.ts";

/** More are a newsletter, a digest or a collection of links. */
const maxLinks = 2;

/** Mails with a public link of Nextcloud or ownCloud, by the form of the link (reference/ocm.md 2.3 and 3.3). */
export const publicLinkMailReader: MailReader = {
  name: "public-link",
  headers: [],
  mayAnnounce: (text) => text.includes("/s/"),
  detect,
  readLink,
};

function detect(mail: MailView): ShareNotification | NotAnnounced | null {
  const links = sharesInLinks(mail, parsePublicLink);
  const [link] = links;
  if (link === undefined) return null;
  if (links.length > maxLinks) return { not: "many-public-links" };
  const sharer = sharerBehindServer(mail);
  return { ...shareOf(link), sharer, title: titleInSubject(mail, sharer.name) };
}

/** Any web address can be shared by somebody who says so in header fields (domain/share-header.ts): this reader is the last. */
function readLink(text: string): LinkedShare | null {
  const link = parsePublicLink(text);
  if (link !== null) return shareOf(link);
  const other = text.length > limits.urlChars ? null : URL.parse(text);
  if (other?.protocol !== "https:" || other.username !== "" || other.password !== "") return null;
  return {
    protocol: "public-link",
    variant: "usher-invitation",
    origin: other.origin,
    link: other.href,
    shareId: null,
    recipientKind: "unknown",
    module: null,
    folder: null,
    item: null,
  };
}

function shareOf(link: PublicLink): LinkedShare {
  return {
    protocol: "public-link",
    variant: "s-token",
    origin: link.origin,
    link: link.href,
    shareId: link.shareId,
    recipientKind: "anonymous",
    module: "files",
    folder: null,
    item: null,
  };
}
