import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { decidingShareFields, readShareHeader, shareLinkField } from "../../domain/share-header.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";

/**
 * Mails of Usher itself, by their header fields (README.md in this folder). What a link is of the `others` tell; what none of
 * them knows the reader of public links takes, which is why this one bears its name.
 */
export function createUsherMailReader(others: readonly MailReader[]): MailReader {
  return {
    name: "public-link",
    headers: [shareLinkField],
    mayAnnounce: () => false,
    detect: (mail) => detect(mail, others),
    mustBeSigned,
  };
}

function detect(mail: MailView, others: readonly MailReader[]): ShareNotification | NotAnnounced | null {
  const header = readShareHeader(mail);
  if (header === null || "not" in header) return header;
  const share = linkedShare(header.link, others);
  if (share === null) return { not: "usher-share-link-unreadable" };
  const notification = { ...share, sharer: sharerBehindServer(mail), title: header.title };
  return header.type === "revoked" ? { not: "share-revoked", revoked: notification } : notification;
}

function linkedShare(link: string, others: readonly MailReader[]): LinkedShare | null {
  for (const reader of others) {
    const share = reader.readLink?.(link) ?? null;
    if (share !== null) return share;
  }
  return null;
}

/** Nothing where the sender's own text names the link as well: then the fields decide nothing that the body does not say. */
function mustBeSigned(mail: MailView): readonly string[] {
  const header = readShareHeader(mail);
  if (header === null || "not" in header) return [];
  return mail.ownLinks.some(({ href }) => href === header.link) ? [] : decidingShareFields;
}
