import { addressKey } from "../../domain/address.ts";
import { httpsOrigin, readWebLink } from "../../domain/web-link.ts";
import { type Invite, inviteOf, parseInviteCode, parseInviteLink } from "./link.ts";

/** All forms in which an invitation is handed on (reference/ocm.md 3.2). Each holds the token. */
export interface InviteForms {
  /** Where the person invited says at which server he is at home. */
  readonly link: string;
  /** `token@host[:port]`. */
  readonly code: string;
  /** The code in base64: the older alphabet, with padding, which everybody reads. */
  readonly inviteString: string;
}

/** The forms of an invitation that a site gives; `siteUrl`: `https://host[:port]`. */
export function inviteForms(siteUrl: string, token: string): InviteForms {
  const { host, origin } = new URL(siteUrl);
  const code = `${token}@${host}`;
  const link = `${origin}/ocm/invite?${new URLSearchParams({ token, providerDomain: host }).toString()}`;
  return { link, code, inviteString: btoa(code) };
}

/** An invitation as a person pastes it: any of its forms, also a link that leaves out the provider, which is then its host. */
export function readPastedInvite(text: string): Invite | null {
  const pasted = text.trim();
  const invite = parseInviteLink(pasted) ?? parseInviteCode(pasted);
  if (invite !== null) return invite;
  const link = readWebLink(pasted);
  const token = link?.query.get("token");
  return link === null || token === undefined || link.query.has("providerDomain")
    ? null
    : inviteOf(token, link.host);
}

/** What a person types as his home: its host, an address there, or a link to it. `host[:port]`; null for anything else. */
export function readTypedHome(typed: string): string | null {
  const bare = typed
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/[/?#].*$/s, "");
  const origin = httpsOrigin(bare.slice(bare.lastIndexOf("@") + 1));
  const host = origin === null ? null : new URL(origin).host;
  return host !== null && host.includes(".") ? host : null;
}

/** Where a person goes on with an invitation at home; null where that is no page of the same server. */
export function acceptDialogLink(
  dialog: string | null,
  home: { readonly host: string; readonly origin: string },
  { token, provider }: { readonly token: string; readonly provider: string },
): string | null {
  const url = dialog === null ? null : URL.parse(dialog, `${home.origin}/`);
  if (url?.protocol !== "https:" || url.host !== home.host || url.username !== "" || url.password !== "")
    return null;
  url.searchParams.set("token", token);
  url.searchParams.set("providerDomain", provider);
  return url.href;
}

/** What a peer says of somebody: `userID` or, as Nextcloud 32 spells it, `userId`. */
export interface SaidPerson {
  readonly userID?: string | undefined;
  readonly userId?: string | undefined;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/** The raw identifier, and a mail address where it is one; null without an identifier. */
export function personOf(
  said: SaidPerson,
): { readonly userId: string; readonly address: string | null; readonly name: string } | null {
  const userId = [said.userID, said.userId].find((id) => id !== undefined && id !== "");
  if (userId === undefined) return null;
  const address = said.email ?? "";
  return { userId, address: addressKey(address) === null ? null : address, name: said.name ?? "" };
}
