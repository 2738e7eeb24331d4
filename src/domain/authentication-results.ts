import { domainKey } from "./address.ts";
import type { HeaderField } from "./mail.ts";
import { type FieldPair, type FieldToken, parsePairs, parseStructuredField } from "./structured-field.ts";

/** One Authentication-Results field (RFC 8601 section 2.2). */
export interface AuthenticationResults {
  /** Lower-case. */
  readonly authservId: string;
  readonly results: readonly MethodResult[];
}

export interface MethodResult {
  /** Lower-case, as is `result`: `dkim`, `spf`, `dmarc`. */
  readonly method: string;
  readonly result: string;
  /** `ptype.property`, lower-case, with its value. */
  readonly properties: readonly FieldPair[];
}

/** The registrable domain of a host by the public suffix list; null where it has none. */
export type RegistrableDomain = (host: string) => string | null;

/** Whose Authentication-Results count. */
export interface AuthenticationTrust {
  /** Exact ids, compared without regard to case; empty trusts none. */
  readonly authservIds: readonly string[];
  readonly registrableDomain: RegistrableDomain;
}

/**
 * The topmost Authentication-Results field of a trusted id, if it stands in a trustworthy place (reference/security.md,
 * section 4): only Received lines of the receiving side itself may stand above it. Null where there is none, and where
 * that field, or one above it, cannot be read: then nothing below is believed either.
 */
export function trustedResults(
  headers: readonly HeaderField[],
  trust: AuthenticationTrust,
): AuthenticationResults | null {
  const trusted = new Set(trust.authservIds.map((id) => id.toLowerCase()));
  const receivedBy: (string | null)[] = [];
  for (const field of headers) {
    if (field.name === "received") receivedBy.push(receivingHost(field.value));
    if (field.name !== "authentication-results") continue;
    const segments = parseStructuredField(field.value);
    const id = segments === null ? null : authservIdOf(segments[0] ?? []);
    if (segments === null || id === null) return null;
    if (!trusted.has(id)) continue;
    const isOwn = receivedBy.every((host) => host !== null && isHostOf(host, id, trust.registrableDomain));
    return isOwn ? resultsOf(id, segments.slice(1)) : null;
  }
  return null;
}

/** `authserv-id [version]`: version 1 is the only one there is. */
function authservIdOf(tokens: readonly FieldToken[]): string | null {
  const [id, version, ...others] = tokens;
  if (id === undefined || id.kind === "=" || id.text === "" || others.length > 0) return null;
  if (version !== undefined && (version.text !== "1" || !version.isApart)) return null;
  return id.text.toLowerCase();
}

function resultsOf(
  authservId: string,
  segments: readonly (readonly FieldToken[])[],
): AuthenticationResults | null {
  const results: MethodResult[] = [];
  for (const tokens of segments) {
    if (tokens.length === 0 || isNoResult(tokens)) continue;
    const pairs = parsePairs(tokens);
    const [method, ...properties] = pairs ?? [];
    if (method === undefined) return null;
    const [name, version] = method.key.split("/");
    if (name === undefined || (version !== undefined && version !== "1")) return null;
    results.push({ method: name, result: method.value.toLowerCase(), properties });
  }
  return { authservId, results };
}

function isNoResult(tokens: readonly FieldToken[]): boolean {
  return tokens.length === 1 && tokens[0]?.kind === "word" && tokens[0].text.toLowerCase() === "none";
}

/** The host that wrote a Received line: `[from NAME] by HOST …` (RFC 5321 section 4.4); null for other forms. */
function receivingHost(value: string): string | null {
  const words = (parseStructuredField(value)?.[0] ?? []).map(({ text }) => text);
  const by = words[0]?.toLowerCase() === "from" ? 2 : 0;
  return words[by]?.toLowerCase() === "by" ? domainKey(words[by + 1] ?? "") : null;
}

/** Whether the host belongs to whoever writes this authserv-id: the same registrable domain, or the very same name. */
function isHostOf(host: string, authservId: string, registrableDomain: RegistrableDomain): boolean {
  const owner = registrableDomain(authservId);
  return owner === null ? host === authservId : registrableDomain(host) === owner;
}
