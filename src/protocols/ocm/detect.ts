import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { LinkedShare, MailReader, NotAnnounced } from "../protocol.ts";
import { type Invite, inviteOf, parseInviteCode, parseInviteLink } from "./link.ts";

/**
 * Invitations of Open Cloud Mesh as Nextcloud Contacts, oCIS and OpenCloud, and reva write them: a link, a code behind a
 * label, or both (reference/ocm.md 2.3).
 */
export const ocmMailReader: MailReader = {
  name: "ocm-invite",
  headers: [],
  mayAnnounce: (text) => text.includes("roviderDomain") || (text.includes("nvite") && text.includes("code")),
  detect,
  readLink,
};

/** Nextcloud's contacts app mails it to whoever invites (reference/ocm.md 2.2). */
const ownCopy = "[Copy] ";

function detect(mail: MailView): ShareNotification | NotAnnounced | null {
  const links = sharesInLinks(mail, parseInviteLink);
  const invites = [...links, ...labelledInvites(mail.ownLines)];
  const [invite] = invites;
  if (invite === undefined) return null;
  const isOne = invites.every(
    ({ origin, shareId }) => origin === invite.origin && shareId === invite.shareId,
  );
  if (!isOne) return { not: "several-shares" };
  if (mail.subject.startsWith(ownCopy)) return { not: "own-copy" };
  return { ...shareOf(invite, links[0]?.href ?? null), sharer: sharerBehindServer(mail), title: null };
}

function readLink(text: string): LinkedShare | null {
  const link = parseInviteLink(text);
  return link === null ? null : shareOf(link, link.href);
}

function shareOf(invite: Invite, link: string | null): LinkedShare {
  return {
    protocol: "ocm-invite",
    variant: link === null ? "code" : "link",
    origin: invite.origin,
    link,
    shareId: invite.shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
  };
}

/** Codes behind the labels that all languages share. */
function labelledInvites(lines: readonly string[]): readonly Invite[] {
  const token = valueOf(lines, "Token:");
  const provider = valueOf(lines, "ProviderDomain:");
  const code = valueOf(lines, "Invite code:");
  const encoded = valueOf(lines, "Encoded invite:");
  return [
    token === null || provider === null ? null : inviteOf(token, provider),
    code === null ? null : parseInviteCode(code),
    encoded === null ? null : parseInviteCode(encoded),
  ].filter((invite) => invite !== null);
}

/** The one word behind a label that stands at the beginning of a line, behind at most the mark of a list. */
function valueOf(lines: readonly string[], label: string): string | null {
  for (const line of lines) {
    const start = line.search(/[\p{L}\p{N}]/u);
    if (start < 0 || start > 4 || !line.startsWith(label, start)) continue;
    const value = line.slice(start + label.length).trim();
    if (/^\S+$/.test(value)) return value;
  }
  return null;
}
