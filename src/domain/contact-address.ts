import { addressDomain, addressKey } from "./address.ts";
import { isWithinDomain } from "./policy.ts";
import type { Authentication } from "./share.ts";

/**
 * The address under which the sharer of a mail can be a contact; null where nobody vouches for it. A Reply-To counts only
 * within the authenticated domain, else anybody with a domain of his own could name a contact there; and only where the
 * server itself wrote, else anybody with an address at the same provider could.
 */
export function contactAddress(
  authentication: Pick<Authentication, "from" | "trusted">,
  sharerAddress: string,
): string | null {
  if (!authentication.trusted || authentication.from === null) return null;
  const from = addressDomain(authentication.from);
  const sharer = addressDomain(sharerAddress);
  if (from === null || sharer === null) return null;
  if (addressKey(authentication.from) === addressKey(sharerAddress)) return sharerAddress;
  if (!isReservedToServer(authentication.from)) return null;
  return isWithinDomain(sharer, from) || isWithinDomain(from, sharer) ? sharerAddress : null;
}

/** Whether no user of the domain can have the address; `mallory+noreply@` is an address of mallory (RFC 5233). */
function isReservedToServer(address: string): boolean {
  return /^(?:sharing-)?(?:do[-_.]?)?not?[-_.]?reply@[^@]+$/i.test(address);
}
