import { domainKey } from "./address.ts";
import type { RegistrableDomain } from "./authentication-results.ts";
import { isDisguised, shapeOf } from "./confusables.ts";
import type { HostMark, HostView } from "./evidence.ts";
import { limits } from "./limits.ts";

/** What a host is looked at with. */
export interface HostContext {
  /** Hosts and domains that the account knows: his own, his contacts', those of his subscriptions and of rules. */
  readonly known: readonly string[];
  readonly registrableDomain: RegistrableDomain;
  /** The U-label form of an A-label host; empty where it cannot be decoded. */
  readonly toUnicode: (ascii: string) => string;
}

/** A host in both forms, marked where it may deceive; null where the text is no host of a URL or address. */
export function viewHost(text: string, context: HostContext): HostView | null {
  const ascii = URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, "") ?? "";
  if (ascii === "") return null;
  const unicode = unicodeOf(ascii, context);
  const found: readonly (readonly [HostMark, boolean])[] = [
    ["punycode", /(^|\.)xn--/.test(ascii)],
    ["mixed-script", unicode.split(".").some(mixesScripts)],
    ["look-alike", isImitation(ascii, context)],
  ];
  return { ascii, unicode, marks: found.flatMap(([mark, holds]) => (holds ? [mark] : [])) };
}

function unicodeOf(ascii: string, { toUnicode }: HostContext): string {
  const unicode = toUnicode(ascii);
  return unicode === "" ? ascii : unicode;
}

/** Looks like a known host without belonging to one, or like a plain name without being written in plain letters. */
function isImitation(ascii: string, context: HostContext): boolean {
  const known = context.known.map((host) => domainKey(host)).filter((host) => host !== null);
  const owners = new Set(known.map((host) => context.registrableDomain(host) ?? host));
  const owner = context.registrableDomain(ascii) ?? ascii;
  if (known.includes(ascii) || owners.has(owner)) return false;
  const labels = unicodeOf(ascii, context).split(".");
  // Under a top-level domain of its own script a name in that script is at home.
  if (/^\p{ASCII}*$/u.test(labels.at(-1) ?? "") && labels.some(isDisguised)) return true;
  return [...owners].some((host) => looksAlike(owner, host, context) || isQuoted(host, ascii));
}

/** A known domain stands whole in front of a stranger's: `cloud-a.example.evil.test`. */
function isQuoted(known: string, ascii: string): boolean {
  return known.includes(".") && `.${ascii}`.includes(`.${known}.`);
}

/**
 * Whether two different registrable domains are read as one: labels of one shape, or one typing mistake apart. The same
 * label under two suffixes is no imitation (`cloud.example` and `cloud.test`), nor are members of a numbered series.
 */
export function looksAlike(a: string, b: string, context: Omit<HostContext, "known">): boolean {
  const [first, second] = [a, b].map((domain) => ownLabel(domain, context));
  if (first === undefined || second === undefined || first === second) return false;
  const shapes = [shapeOf(first), shapeOf(second)] as const;
  if (shapes[0] === shapes[1]) return true;
  if (Math.min(shapes[0].length, shapes[1].length) < limits.typedLabelChars) return false;
  return !isSeries(first, second) && isOneTypoApart(...shapes);
}

/** The label in front of the public suffix, as U-label. */
function ownLabel(domain: string, context: Omit<HostContext, "known">): string | undefined {
  const owner = context.registrableDomain(domain) ?? domain;
  return (context.toUnicode(owner) || owner).split(".")[0];
}

/** `cloud-a` and `cloud-b`, `mx1` and `mx2`: names that differ in a number or in a part of one letter. */
function isSeries(a: string, b: string): boolean {
  const [first, second] = [a, b].map((label) => label.replaceAll(/\d+|(?<=^|-)[a-z](?=$|-)/g, "#"));
  return first === second;
}

/** One letter put in, left out or exchanged, or two neighbours swapped. */
function isOneTypoApart(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let start = 0;
  while (start < short.length && short[start] === long[start]) start++;
  const rest = short.slice(start);
  const other = long.slice(start);
  if (short.length !== long.length) return rest === other.slice(1);
  const isSwapped = rest[0] === other[1] && rest[1] === other[0] && rest.slice(2) === other.slice(2);
  return rest.slice(1) === other.slice(1) || (rest.length > 1 && isSwapped);
}

/**
 * Whether one label mixes scripts as no language does: one script is fine, and those written together in East Asia
 * (UTS #39 section 5.2, highly restrictive). Digits and marks belong to all.
 */
export function mixesScripts(label: string): boolean {
  const scripts = new Set<string>();
  for (const letter of label) {
    const script = scriptOf(letter);
    if (script !== null) scripts.add(script);
  }
  if (scripts.size < 2) return false;
  return !together.some((group) => [...scripts].every((script) => group.has(script)));
}

const together: readonly ReadonlySet<string>[] = [
  new Set(["Latin", "Han", "Hiragana", "Katakana"]),
  new Set(["Latin", "Han", "Hangul"]),
  new Set(["Latin", "Han", "Bopomofo"]),
];

/** Recommended scripts (UAX #31, table 5); letters of all others count as one more. */
const scripts: readonly (readonly [name: string, letter: RegExp])[] = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Han", /\p{Script=Han}/u],
  ["Hiragana", /\p{Script=Hiragana}/u],
  ["Katakana", /\p{Script=Katakana}/u],
  ["Hangul", /\p{Script=Hangul}/u],
  ["Bopomofo", /\p{Script=Bopomofo}/u],
  ["Arabic", /\p{Script=Arabic}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Bengali", /\p{Script=Bengali}/u],
  ["Devanagari", /\p{Script=Devanagari}/u],
  ["Ethiopic", /\p{Script=Ethiopic}/u],
  ["Georgian", /\p{Script=Georgian}/u],
  ["Gujarati", /\p{Script=Gujarati}/u],
  ["Gurmukhi", /\p{Script=Gurmukhi}/u],
  ["Hebrew", /\p{Script=Hebrew}/u],
  ["Kannada", /\p{Script=Kannada}/u],
  ["Khmer", /\p{Script=Khmer}/u],
  ["Lao", /\p{Script=Lao}/u],
  ["Malayalam", /\p{Script=Malayalam}/u],
  ["Myanmar", /\p{Script=Myanmar}/u],
  ["Oriya", /\p{Script=Oriya}/u],
  ["Sinhala", /\p{Script=Sinhala}/u],
  ["Tamil", /\p{Script=Tamil}/u],
  ["Telugu", /\p{Script=Telugu}/u],
  ["Thaana", /\p{Script=Thaana}/u],
  ["Thai", /\p{Script=Thai}/u],
  ["Tibetan", /\p{Script=Tibetan}/u],
];

function scriptOf(letter: string): string | null {
  if (/[\p{Script=Common}\p{Script=Inherited}]/u.test(letter)) return null;
  return scripts.find(([, pattern]) => pattern.test(letter))?.[0] ?? "other";
}
