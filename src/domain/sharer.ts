import { limits } from "./limits.ts";
import type { MailAddress, MailView } from "./mail.ts";
import { oneLine } from "./one-line.ts";

/** The person who shares: From, or Reply-To where the server itself is the sender (a no-reply address). */
export function sharerOf(mail: Pick<MailView, "from" | "replyTo">): MailAddress {
  const [from] = mail.from;
  const [replyTo, ...others] = mail.replyTo;
  const isFromServer = from === undefined || isServerAddress(from.address);
  const sharer = isFromServer && replyTo !== undefined && others.length === 0 ? replyTo : from;
  return {
    name: oneLine(sharer?.name ?? "", limits.nameChars),
    address: oneLine(sharer?.address ?? "", limits.addressChars),
  };
}

/** Whether an address is a server's own: nobody reads what is sent there. */
export function isServerAddress(address: string): boolean {
  return /(^|[^a-z])(no|not)[-_.]?reply[^@]*@/i.test(address);
}
