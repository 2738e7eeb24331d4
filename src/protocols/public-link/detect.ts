import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { MailReader } from "../protocol.ts";
import { parsePublicLink } from "./link.ts";
import { titleInSubject } from "./subject-title.ts";

/** More are a newsletter, a digest or a collection of links. */
const maxLinks = 2;

/** Mails with a public link of Nextcloud or ownCloud, by the form of the link (reference/ocm.md 2.3 and 3.3). */
export const publicLinkMailReader: MailReader = {
  name: "public-link",
  headers: [],
  mayAnnounce: (text) => text.includes("/s/"),
  detect,
};

function detect(mail: MailView): ShareNotification | { readonly not: string } | null {
  const links = sharesInLinks(mail, parsePublicLink);
  const [link] = links;
  if (link === undefined) return null;
  if (links.length > maxLinks) return { not: "many-public-links" };
  const sharer = sharerBehindServer(mail);
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
    sharer,
    title: titleInSubject(mail, sharer.name),
  };
}
