import { limits } from "./limits.ts";
import type { MailAddress, MailView } from "./mail.ts";
import { oneLine } from "./one-line.ts";

/** The person who shares: From, or Reply-To where the server itself is the sender (a no-reply address). */
export function sharerOf(mail: Pick<MailView, "from" | "replyTo">): MailAddress {
  const [from] = mail.from;
  const [replyTo, ...others] = mail.replyTo;
  const isFromServer = from === undefined || isServerAddress(from.address);
  return shown(isFromServer && replyTo !== undefined && others.length === 0 ? replyTo : from);
}

/** The person who shares, in a mail that a server sends under whatever address for a person in Reply-To. */
export function sharerBehindServer(mail: Pick<MailView, "from" | "replyTo">): MailAddress {
  const [replyTo, ...others] = mail.replyTo;
  return shown(replyTo !== undefined && others.length === 0 ? replyTo : mail.from[0]);
}

function shown(sharer: MailAddress | undefined): MailAddress {
  return {
    name: oneLine(sharer?.name ?? "", limits.nameChars),
    address: oneLine(sharer?.address ?? "", limits.addressChars),
  };
}

/** Whether an address is a server's own: nobody reads what is sent there. */
export function isServerAddress(address: string): boolean {
  return /(^|[^a-z])(no|not)[-_.]?reply[^@]*@/i.test(address);
}
