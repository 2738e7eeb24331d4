import type { MailView } from "../../domain/mail.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { sharerBehindServer } from "../../domain/sharer.ts";
import { sharesInLinks } from "../own-shares.ts";
import type { MailReader } from "../protocol.ts";
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
};

function detect(mail: MailView): ShareNotification | { readonly not: string } | null {
  const links = sharesInLinks(mail, parseInviteLink);
  const invites = [...links, ...labelledInvites(mail.ownLines)];
  const [invite] = invites;
  if (invite === undefined) return null;
  const isOne = invites.every(
    ({ origin, shareId }) => origin === invite.origin && shareId === invite.shareId,
  );
  if (!isOne) return { not: "several-shares" };
  return {
    protocol: "ocm-invite",
    variant: links.length > 0 ? "link" : "code",
    origin: invite.origin,
    link: links[0]?.href ?? null,
    shareId: invite.shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
    sharer: sharerBehindServer(mail),
    title: null,
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
