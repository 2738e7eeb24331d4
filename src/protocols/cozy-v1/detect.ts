import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";
import { type CozyV1Link, parseCozyV1Link } from "./link.ts";

/** Invitations of cozy-stack before March 2018, by the form of their link (reference/cozy.md, sections 2 and 3). */
export const cozyV1MailReader: MailReader = {
  name: "cozy-v1",
  headers: [],
  mayAnnounce: (text) => text.includes("/sharings/"),
  detect,
  readLink,
};

function detect(mail: MailView): ShareNotification | NotAnnounced | null {
  const [link, ...others] = sharesInLinks(mail, parseCozyV1Link);
  if (link === undefined) return null;
  if (others.length > 0) return { not: "several-shares" };
  return { ...shareOf(link), sharer: sharerBehindServer(mail), title: null };
}

function readLink(text: string): LinkedShare | null {
  const link = parseCozyV1Link(text);
  return link === null ? null : shareOf(link);
}

function shareOf(link: CozyV1Link): LinkedShare {
  return {
    protocol: "cozy-v1",
    variant: link.variant,
    origin: link.origin,
    link: link.href,
    shareId: link.shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
  };
}
