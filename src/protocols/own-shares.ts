import type { MailView } from "../domain/mail.ts";

/** One share as a link or a text names it. */
interface NamedShare {
  readonly origin: string | null;
  readonly shareId: string;
}

/** The shares that a mail's own links name, each once, in order. */
export function sharesInLinks<Share extends NamedShare>(
  mail: Pick<MailView, "ownLinks">,
  parse: (href: string) => Share | null,
): readonly Share[] {
  const shares = new Map<string, Share>();
  for (const { href } of mail.ownLinks) {
    const share = parse(href);
    if (share === null) continue;
    const key = `${share.origin ?? ""} ${share.shareId}`;
    if (!shares.has(key)) shares.set(key, share);
  }
  return [...shares.values()];
}
