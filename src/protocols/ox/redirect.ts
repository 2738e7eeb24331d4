import type { OutboundResponse } from "../../http/outbound.ts";
import { statusTrouble } from "./answers.ts";
import { type Trouble, trouble } from "./troubles.ts";

/** The parameters that the redirect behind a share link carries (reference/ox.md 4.1). */
interface ShareRedirect {
  readonly kind: "redirect";
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads the answer to a GET on a share link: exactly 302, exactly one Location, relative or of the same scheme, host
 * and port (reference/ox.md 4.2 steps 1-2, 11). The place itself is never visited.
 */
export function readShareRedirect(link: string, response: OutboundResponse): ShareRedirect | Trouble {
  if (response.status !== 302) {
    const told = statusTrouble(response);
    return told.name === "answer-not-understood" ? trouble("not-a-share-redirect") : told;
  }
  const locations = response.headers["location"] ?? [];
  const location = locations[0];
  if (location === undefined || locations.length > 1) return trouble("not-a-share-redirect");
  const place = URL.parse(location, link);
  if (place === null || place.origin !== new URL(link).origin) return trouble("redirect-elsewhere");
  return { kind: "redirect", parameters: fragmentParameters(location) };
}

/**
 * The parameters after `#!`: split on `&`, each at its first `=`, percent-decoded, a plus sign left alone. OX
 * substitutes values without encoding them, so a value that does not decode stands for itself (reference/ox.md 4.1).
 */
function fragmentParameters(location: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const start = location.indexOf("#!");
  if (start === -1) return parameters;
  for (const pair of location.slice(start + 2).split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) parameters.set(decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1)));
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
