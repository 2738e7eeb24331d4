/** Purpose of the secrets in links to recipients' pages (store/sealing.ts, `mac`). */
export const pagePurpose = "invitation-page";

/** Names a recipient and proves that whoever uses it was mailed it. */
export interface PageSecret {
  readonly recipientId: string;
  /** To be compared with the site's own, in constant time. */
  readonly mac: string;
}

/** Path of a recipient's page, below the site's public address. */
export function invitationPath({ recipientId, mac }: PageSecret): string {
  return `/invitation/${recipientId}.${mac}`;
}

/** What the last piece of such a path says; null where it has not that form. */
export function pageSecretIn(piece: string): PageSecret | null {
  const [, recipientId = "", mac = ""] = /^(r[0-9a-z]{9})\.([0-9a-f]{32})$/.exec(piece) ?? [];
  return recipientId === "" ? null : { recipientId, mac };
}
