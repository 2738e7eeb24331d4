import { headerValues, type MailView } from "../../domain/mail.ts";
import type { RecipientKind, ShareNotification } from "../../domain/share.ts";
import { sharerOf } from "../../domain/sharer.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";
import { type OxLink, parseOxLink } from "./link.ts";
import { titleInSubject } from "./subject-title.ts";

const urlHeader = "x-open-xchange-share-url";
const typeHeader = "x-open-xchange-share-type";

/** Mail types (reference/ox.md, section 2.2) and whom each is sent to. A password reset can only concern a named guest. */
const recipientKinds: Readonly<Record<string, RecipientKind>> = {
  "share-created": "named-guest",
  "link-created": "anonymous",
  "confirm-pwreset": "named-guest",
};

/** Share notifications of OX App Suite: decided by one header field alone (reference/ox.md, section 2). */
export const oxMailReader: MailReader = {
  name: "ox",
  headers: [urlHeader],
  alsoReads: [typeHeader],
  mayAnnounce: () => false,
  detect,
  readLink,
};

function detect(mail: MailView): ShareNotification | NotAnnounced | null {
  const [url, ...others] = headerValues(mail, urlHeader);
  if (url === undefined) return null;
  if (others.length > 0) return { not: "share-url-repeated" };
  const link = parseOxLink(url);
  if ("not" in link) return link;
  const variant = variantOf(mail);
  const sharer = sharerOf(mail);
  const title = titled.has(variant) ? titleInSubject(mail.subject, sharer.name) : null;
  return { ...shareOf(link, variant), sharer, title };
}

/** Whom a link is for only the server's own mail tells. */
function readLink(text: string): LinkedShare | null {
  const link = parseOxLink(text);
  return "not" in link ? null : shareOf(link, "unknown");
}

function shareOf(link: OxLink, variant: string): LinkedShare {
  const { module, folder, item } = link.target ?? noTarget;
  return {
    protocol: "ox",
    variant,
    origin: link.origin,
    link: link.href,
    shareId: link.token,
    recipientKind: recipientKinds[variant] ?? "unknown",
    module,
    folder,
    item,
  };
}

const noTarget = { module: null, folder: null, item: null };

/** Mail types whose subject quotes the title. */
const titled: ReadonlySet<string> = new Set(["share-created", "link-created"]);

/** A missing, repeated or new type is `unknown`: the link is announced, but to whom stays open until the login tells. */
function variantOf(mail: MailView): string {
  const [type, ...others] = headerValues(mail, typeHeader);
  const name = type?.toLowerCase();
  return name !== undefined && others.length === 0 && Object.hasOwn(recipientKinds, name) ? name : "unknown";
}
