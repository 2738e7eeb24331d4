import { randomBytes } from "node:crypto";

export interface UserSpec {
  readonly uid: string;
  /** The uid where it is left out. */
  readonly displayName?: string;
  /** Mail address of the account; none where it is left out. */
  readonly mail?: string;
}

export interface OcmUser {
  readonly uid: string;
  readonly displayName: string;
  readonly mail: string | null;
  /** For Basic authentication at the user's own server. */
  readonly appPassword: string;
}

export function newUser({ uid, displayName = uid, mail }: UserSpec): OcmUser {
  return { uid, displayName, mail: mail ?? null, appPassword: randomBytes(12).toString("base64url") };
}

export interface OcmAddress {
  readonly user: string;
  /** With its port. */
  readonly host: string;
}

/** `user@host`, with a scheme before the host or a slash behind it (reference/ocm.md 3.1); null without a user or a host. */
export function readAddress(text: string): OcmAddress | null {
  const bare = text.replace(/@https?:\/\//, "@").replace(/\/+$/, "");
  const middle = bare.lastIndexOf("@");
  const [user, host] = [bare.slice(0, Math.max(middle, 0)), bare.slice(middle + 1)];
  return user === "" || !/^[\w.-]+(:\d+)?$/.test(host) ? null : { user, host };
}

/** As Nextcloud and ownCloud make ids and secrets of shares. */
export function alphanumerics(count: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return [...randomBytes(count)].map((byte) => letters[byte % letters.length]).join("");
}
