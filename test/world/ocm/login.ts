import type { Federation } from "./shares.ts";
import type { OcmUser } from "./users.ts";
import { authorizationOf, type OcmRequest } from "./wire.ts";

/** The user whose name (or mail address) and app password a request carries; null for all others. */
export function loggedIn({ users }: Pick<Federation, "users">, request: OcmRequest): OcmUser | null {
  const shown = authorizationOf(request);
  if (shown.kind !== "basic") return null;
  const user = users.get(shown.user) ?? [...users.values()].find(({ mail }) => mail === shown.user);
  return user !== undefined && user.appPassword === shown.password ? user : null;
}
