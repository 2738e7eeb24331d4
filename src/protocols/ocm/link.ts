import { httpsOrigin, queryValue, readWebLink } from "../../domain/web-link.ts";

/** An invitation of Open Cloud Mesh (reference/ocm.md 3.2). `shareId`, the invite token, is a secret, and so is `href`. */
export interface Invite {
  /** The provider of whoever invites. */
  readonly origin: string;
  readonly shareId: string;
}

export interface InviteLink extends Invite {
  /** May lie at a third party, which only asks the reader where he is at home. */
  readonly href: string;
}

/** Opaque by the specification, a UUID in all implementations. */
const tokenForm = /^[A-Za-z0-9._~-]{8,128}$/;

/** Reads a link with token and provider; null for any other. A token alone is in too many ordinary mails. */
export function parseInviteLink(text: string): InviteLink | null {
  const link = text.includes("providerDomain=") ? readWebLink(text) : null;
  if (link === null) return null;
  const shareId = queryValue(link, "token", tokenForm);
  const origin = httpsOrigin(link.query.get("providerDomain") ?? "");
  return shareId === null || origin === null ? null : { origin, shareId, href: link.href };
}

/** `token@host`, also in base64 of either alphabet, with or without padding; null for anything else. */
export function parseInviteCode(text: string): Invite | null {
  const code = text.includes("@") ? text : decoded(text);
  const at = code.lastIndexOf("@");
  return at === -1 ? null : inviteOf(code.slice(0, at), code.slice(at + 1));
}

/** The token in what a notification keeps of an invitation: its link, its code, or the token alone; null where there is none. */
export function inviteTokenIn(kept: string): string | null {
  const invite = parseInviteLink(kept) ?? parseInviteCode(kept);
  return invite?.shareId ?? (tokenForm.test(kept) ? kept : null);
}

/** The invite that token and provider make; null where one of them has another form. */
export function inviteOf(token: string, provider: string): Invite | null {
  const origin = httpsOrigin(provider);
  return origin === null || !tokenForm.test(token) ? null : { origin, shareId: token };
}

function decoded(text: string): string {
  if (text.length > 512 || !/^[\w+/-]+={0,2}$/.test(text)) return "";
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""));
  } catch {
    return "";
  }
}
