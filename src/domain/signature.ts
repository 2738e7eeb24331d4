import { domainKey } from "./address.ts";
import type { RegistrableDomain } from "./authentication-results.ts";
import type { SignatureFinding } from "./evidence.ts";
import { plainAddress } from "./from-field.ts";
import { limits } from "./limits.ts";
import { type HeaderField, headerValues, type MailView } from "./mail.ts";
import type { Authentication } from "./share.ts";

/** What verifying the DKIM signatures of one mail gave (RFC 6376); `domain` is that of the signature it is about. */
export interface DkimVerdict extends SignatureFinding {
  /** The header fields that the signature covers, as they stood when it was verified; empty unless it passes. */
  readonly signedFields: readonly HeaderField[];
}

/** A signature worth verifying, by the name of its key record. */
export interface SignatureCandidate {
  /** Lower-case A-label. */
  readonly domain: string;
  readonly selector: string;
}

/**
 * The DKIM-Signature fields that could prove the From domain: of the same organisational domain, over the whole body, over
 * From. Only for these is a key asked for, so no other domain hears of the mail. At most limits.dkimSignatures.
 */
export function signatureCandidates(
  fields: readonly HeaderField[],
  registrableDomain: RegistrableDomain,
): readonly SignatureCandidate[] {
  const fromFields = headerValues({ headers: fields }, "from");
  const from = fromFields.length === 1 ? plainAddress(fromFields[0] ?? "") : null;
  if (from === null) return [];
  const domain = from.slice(from.lastIndexOf("@") + 1);
  return headerValues({ headers: fields }, "dkim-signature")
    .slice(0, limits.receivedFields)
    .flatMap((value) => candidateIn(value) ?? [])
    .filter((candidate) => isOneOrganisation(candidate.domain, domain, registrableDomain))
    .slice(0, limits.dkimSignatures);
}

/** Whether a verified signature, named as its field names it, is this candidate. */
export function isSameSignature(
  candidate: SignatureCandidate,
  { domain, selector }: { readonly domain: string; readonly selector: string },
): boolean {
  return candidate.selector === selector.toLowerCase() && candidate.domain === domainKey(domain);
}

function candidateIn(value: string): SignatureCandidate | null {
  const tags = tagsOf(value);
  if (tags === null || tags.has("l")) return null;
  const domain = domainKey(tags.get("d") ?? "");
  const selector = (tags.get("s") ?? "").toLowerCase();
  const signed = (tags.get("h") ?? "").toLowerCase().split(":");
  if (domain === null || !/^[a-z0-9]([\w-]*[a-z0-9])?(\.[a-z0-9]([\w-]*[a-z0-9])?)*$/.test(selector))
    return null;
  return signed.includes("from") ? { domain, selector } : null;
}

/**
 * Whether every signature of the sender's organisation, and there is one, lists these fields, each of which stands once:
 * then the one that somebody else found good lists them too. Says nothing about whether one is good.
 */
export function areListed(
  names: readonly string[],
  fields: readonly HeaderField[],
  fromDomain: string,
  registrableDomain: RegistrableDomain,
): boolean {
  const values = headerValues({ headers: fields }, "dkim-signature");
  const signatures = values.map(tagsOf);
  if (values.length > limits.receivedFields || signatures.includes(null)) return false;
  const own = signatures.filter((tags) => {
    const domain = domainKey(tags?.get("d") ?? "");
    return domain !== null && isOneOrganisation(domain, fromDomain, registrableDomain);
  });
  const isListed = (name: string): boolean =>
    headerValues({ headers: fields }, name).length === 1 &&
    own.every((tags) => (tags?.get("h") ?? "").toLowerCase().split(":").includes(name));
  return own.length > 0 && names.every(isListed);
}

/** RFC 6376 section 3.2: `name=value; …`; white space in these values means nothing. Null where a name comes twice. */
function tagsOf(value: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>();
  for (const part of value.replaceAll(/\s+/g, "").split(";")) {
    const equals = part.indexOf("=");
    if (equals < 1) continue;
    const name = part.slice(0, equals);
    if (tags.has(name)) return null;
    tags.set(name, part.slice(equals + 1));
  }
  return tags;
}

/** DMARC's relaxed alignment: one registrable domain by the public suffix list; without one, the very same name. */
export function isOneOrganisation(a: string, b: string, registrableDomain: RegistrableDomain): boolean {
  const owner = registrableDomain(a);
  return owner === null ? a === b : owner === registrableDomain(b);
}

/** What is believed by a signature. */
export interface SignatureScope {
  /** Lower-case names of the header fields from which the notification was read. */
  readonly decidingHeaders: readonly string[];
  readonly registrableDomain: RegistrableDomain;
}

export interface BelievedSignature {
  readonly authentication: Authentication;
  readonly finding: SignatureFinding;
}

/**
 * The authentication of a mail about which no trusted server spoke, by its own signature: it passes, is of the sender's
 * organisation, and covers every field that decides (reference/security.md 4, rules 3, 4, 11 and 12).
 */
export function believeSignature(
  mail: MailView,
  authentication: Authentication,
  verdict: DkimVerdict,
  scope: SignatureScope,
): BelievedSignature {
  const doubt = doubtAbout(mail, authentication, verdict, scope);
  const { result, domain } = verdict;
  return {
    authentication: { ...authentication, dkim: result, by: "dkim-signature", trusted: doubt === null },
    finding: { result, domain, because: doubt ?? "signed by the sender's domain" },
  };
}

function doubtAbout(
  mail: MailView,
  { from }: Authentication,
  verdict: DkimVerdict,
  { decidingHeaders, registrableDomain }: SignatureScope,
): string | null {
  if (verdict.result !== "pass") return verdict.because;
  const [field, ...others] = headerValues(mail, "from");
  const plain = others.length === 0 && mail.isHeaderCut !== true ? plainAddress(field ?? "") : null;
  if (from === null || plain === null) return "the mail has not exactly one plain sender";
  const fromDomain = plain.slice(plain.lastIndexOf("@") + 1);
  if (verdict.domain === null || !isOneOrganisation(verdict.domain, fromDomain, registrableDomain)) {
    return "signed by another domain than the sender's";
  }
  const names = new Set([...alwaysSigned, ...decidingHeaders]);
  const uncovered = [...names].find((name) => !isCovered(mail, name, verdict.signedFields));
  return uncovered === undefined ? null : `the signature does not cover the field ${uncovered} once`;
}

/** Who speaks, to whom an answer goes, and how the body is read. */
const alwaysSigned: readonly string[] = ["from", "reply-to", "content-type", "content-transfer-encoding"];

/** The field is missing, or stands once in the mail just as it was signed. */
function isCovered(mail: MailView, name: string, signed: readonly HeaderField[]): boolean {
  const [value, ...others] = headerValues(mail, name);
  if (value === undefined) return true;
  return others.length === 0 && signed.some((field) => field.name === name && field.value === value);
}
