import type { PeerRequest } from "../http/peer-route.ts";
import { JsonApiError } from "./json-api.ts";

/** The token of the Authorization field (RFC 6750 section 2.1), and of no other place: addresses stand in logs. */
export function bearerIn({ headers }: Pick<PeerRequest, "headers">): string | null {
  return /^bearer +([\w.~+/=-]{1,1024})$/i.exec(headers["authorization"] ?? "")?.[1] ?? null;
}

/** Counts a wrong token of the caller; the same answer whatever is wrong with it. */
export function wrongToken({ countWrongSecret }: Pick<PeerRequest, "countWrongSecret">): JsonApiError {
  const waitMs = countWrongSecret();
  if (waitMs !== null) {
    const detail = "Too many wrong tokens came from this address; wait as long as Retry-After says.";
    return new JsonApiError(429, { detail }, { "retry-after": String(Math.ceil(waitMs / 1000)) });
  }
  const detail = "The token is unknown, removed, expired, or another account's.";
  return new JsonApiError(
    401,
    { detail },
    { "www-authenticate": 'Bearer realm="usher", error="invalid_token"' },
  );
}

export function missingToken(): JsonApiError {
  const detail =
    "This needs a token; send the field Authorization: Bearer TOKEN. The administrator makes one: usher token add NAME --account NAME --app SLUG --permissions SCOPE.";
  return new JsonApiError(401, { detail }, { "www-authenticate": 'Bearer realm="usher"' });
}
