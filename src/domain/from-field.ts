import { addressKey } from "./address.ts";
import { parseStructuredField } from "./structured-field.ts";

/**
 * The one address of a From field that every reader understands alike, in normal form; null for any stranger form: groups,
 * several addresses, signs of addresses elsewhere, comments inside. What a mail server authenticated, or a signature covers,
 * is then what is shown.
 */
export function plainAddress(value: string): string | null {
  const segments = parseStructuredField(value);
  const tokens = segments?.length === 1 ? segments[0] : undefined;
  if (tokens === undefined || /@[^\s>]*\(/.test(value)) return null;
  const words = tokens.flatMap(({ kind, text }) => (kind === "word" ? [text] : []));
  const [signed, ...others] = words.filter((text) => /[@<>,:;]/.test(text));
  if (signed === undefined || others.length > 0) return null;
  const [, bracketed, bare] = /^(?:[^@<>,:;]*<([^<>,:;]+)>|([^<>,:;]+))$/.exec(signed) ?? [];
  const address = bracketed ?? bare ?? "";
  return address.split("@").length === 2 ? addressKey(address) : null;
}
