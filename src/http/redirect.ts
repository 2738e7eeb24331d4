import { OutboundError, type OutboundRequest, type OutboundResponse } from "./outbound.ts";

/** One request of a chain of redirects. */
export type Hop = Pick<OutboundRequest, "url" | "method" | "headers" | "body" | "jar">;

/** What may be repeated at another origin; any other header field may be a credential. */
const harmlessFields = new Set(["accept", "accept-language", "user-agent"]);

/**
 * The request that a redirect asks for, or null where the answer is none. Throws OutboundError where it must not be
 * followed (reference/security.md 3.4, step 3). `visited` are the requests made so far, from `hopKey`.
 */
export function nextHop(hop: Hop, answer: OutboundResponse, visited: ReadonlySet<string>): Hop | null {
  const locations = answer.headers["location"] ?? [];
  if (![301, 302, 303, 307, 308].includes(answer.status) || locations.length === 0) return null;
  const here = new URL(hop.url);
  const there = URL.parse(locations[0] ?? "", hop.url);
  if (there === null || new Set(locations).size > 1) throw new OutboundError("redirect-unclear", false);
  const refusal = stepRefusal(here, there, isBound(hop));
  if (refusal !== null) throw new OutboundError(refusal, false);
  // RFC 9110 section 10.2.2: a fragment is inherited.
  if (there.hash === "") there.hash = here.hash;
  const next = withMethod(hop, answer.status, there.href);
  if (visited.has(hopKey(next))) throw new OutboundError("redirect-loop", false);
  return next;
}

function stepRefusal(here: URL, there: URL, isBoundToOrigin: boolean): string | null {
  if (here.protocol === "https:" && there.protocol !== "https:") return "redirect-downgrade";
  return isBoundToOrigin && here.origin !== there.origin ? "redirect-to-other-origin" : null;
}

/** What two hops of a loop have in common. */
export function hopKey(hop: Hop): string {
  return `${hop.method} ${hop.url}`;
}

function withMethod(hop: Hop, status: number, url: string): Hop {
  if (hop.method === "GET" || status === 307 || status === 308) return { ...hop, url };
  // As browsers do: the body stays behind with its description.
  const { body: _, headers = {}, ...rest } = hop;
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-type");
  return { ...rest, url, method: "GET", headers: Object.fromEntries(kept) };
}

/** Whether the request carries something that belongs to its origin alone. */
function isBound(hop: Hop): boolean {
  if (hop.jar !== undefined || hop.body !== undefined || hop.method !== "GET") return true;
  return Object.keys(hop.headers ?? {}).some((name) => !harmlessFields.has(name.toLowerCase()));
}
