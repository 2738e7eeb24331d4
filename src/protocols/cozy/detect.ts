import { limits } from "../../domain/limits.ts";
import { headerValues, type MailView } from "../../domain/mail.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";
import { type CozyLink, instanceOfAppHost, isAppHostOf, parseCozyLink } from "./link.ts";

const instanceHeader = "x-cozy";

/** Invitations and shortcut notices of today's cozy-stack, by the form of their link (reference/cozy.md, sections 2 and 3). */
export const cozyMailReader: MailReader = {
  name: "cozy",
  headers: [instanceHeader],
  mayAnnounce: (text) =>
    text.includes("/sharings/") || text.includes("sharecode") || text.includes("/auth/authorize/sharing"),
  detect,
  readLink,
};

function detect(mail: MailView): ShareNotification | NotAnnounced | null {
  const [link, ...others] = sharesInLinks(mail, parseCozyLink);
  if (link === undefined) return null;
  if (others.length > 0) return { not: "several-shares" };
  const [named, ...more] = headerValues(mail, instanceHeader);
  const sharer = sharerBehindServer(mail);
  return { ...shareOf(link, more.length === 0 ? named : undefined), sharer, title: titleIn(mail) };
}

function readLink(text: string): LinkedShare | null {
  const link = parseCozyLink(text);
  return link === null ? null : shareOf(link, undefined);
}

function shareOf(link: CozyLink, named: string | undefined): LinkedShare {
  return {
    protocol: "cozy",
    variant: link.variant,
    origin: link.variant === "preview" ? originOfPreview(link, named) : link.origin,
    link: link.href,
    shareId: link.shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
  };
}

/**
 * The sending Cozy names itself in X-Cozy, the issuer of a JWT in the code (reference/cozy.md 3.4). Both are attacker
 * text, so each counts only for a page that lies on its own apps' hosts; else the host alone has to tell.
 */
function originOfPreview({ host, sharecode }: CozyLink, named: string | undefined): string | null {
  const claims = [named, sharecode?.issuer, instanceOfAppHost(host)];
  for (const claim of claims) {
    const origin = httpsOrigin(claim ?? "");
    if (origin !== null && isAppHostOf(host, origin.slice("https://".length))) return origin;
  }
  return null;
}

/** The description stands between two pairs of stars in the plain text (reference/cozy.md 2.4). */
function titleIn(mail: MailView): string | null {
  const found = mail.ownLines.flatMap((line) => /^[^*]*\*\*([^*]+)\*\*[^*]*$/.exec(line)?.[1] ?? []);
  const title = oneLine(found.length === 1 ? (found[0] ?? "") : "", limits.titleChars);
  return title === "" ? null : title;
}
