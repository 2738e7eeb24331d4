/** One lexical token of a structured header field (RFC 5322 section 3.2); comments and white space are dropped. */
export interface FieldToken {
  readonly kind: "word" | "quoted" | "=";
  /** Without quotes and escapes. */
  readonly text: string;
  /** White space or a comment stood in front. */
  readonly isApart: boolean;
}

/** `key = value`, the key in lower case. */
export interface FieldPair {
  readonly key: string;
  readonly value: string;
}

/**
 * The tokens of a structured field, parted at semicolons; null where a quoted string or comment does not end, or where
 * a control character stands. Takes any visible character in words, as mail servers write them.
 */
export function parseStructuredField(value: string): readonly (readonly FieldToken[])[] | null {
  let segment: FieldToken[] = [];
  const segments = [segment];
  let isApart = false;
  for (let at = 0; at < value.length;) {
    const piece = pieceAt(value, at);
    if (piece === null) return null;
    at = piece.end;
    if (piece.kind === ";") {
      segment = [];
      segments.push(segment);
    } else if (piece.kind !== "space") {
      segment.push({ kind: piece.kind, text: piece.text, isApart });
    }
    isApart = piece.kind === "space";
  }
  return segments;
}

/**
 * `key=value key=value …` as methods and properties of RFC 8601 and parameters of RFC 2045 are written; null for
 * anything else. A value may hold more equals signs (a local part does) but no white space outside quotes.
 */
export function parsePairs(tokens: readonly FieldToken[]): readonly FieldPair[] | null {
  const pairs: FieldPair[] = [];
  for (let at = 0; at < tokens.length;) {
    const [key, equals, first] = tokens.slice(at, at + 3);
    if (key?.kind !== "word" || equals?.kind !== "=") return null;
    at += 2;
    let value = "";
    if (first !== undefined) {
      value = first.text;
      at += 1;
    }
    for (let more = tokens[at]; more !== undefined && !more.isApart; more = tokens[++at]) value += more.text;
    pairs.push({ key: key.text.toLowerCase(), value });
  }
  return pairs;
}

interface Piece {
  readonly kind: FieldToken["kind"] | ";" | "space";
  readonly text: string;
  readonly end: number;
}

function pieceAt(value: string, at: number): Piece | null {
  const char = value.charAt(at);
  if (char === "(") return commentAt(value, at);
  if (char === '"') return quotedAt(value, at);
  if (char === ";" || char === "=") return { kind: char, text: char, end: at + 1 };
  const end = endOfRun(value, at, /[^ \t]/g);
  if (end > at) return { kind: "space", text: "", end };
  const wordEnd = endOfRun(value, at, /[ \t()";=\p{Cc}]/gu);
  return wordEnd > at ? { kind: "word", text: value.slice(at, wordEnd), end: wordEnd } : null;
}

function endOfRun(value: string, at: number, stop: RegExp): number {
  stop.lastIndex = at;
  return stop.exec(value)?.index ?? value.length;
}

function commentAt(value: string, start: number): Piece | null {
  let depth = 0;
  for (let at = start; at < value.length; at++) {
    const char = value.charAt(at);
    if (char === "\\") at++;
    else if (char === "(") depth++;
    else if (char === ")") depth--;
    if (depth === 0) return { kind: "space", text: "", end: at + 1 };
  }
  return null;
}

function quotedAt(value: string, start: number): Piece | null {
  let text = "";
  for (let at = start + 1; at < value.length; at++) {
    const char = value.charAt(at);
    if (char === '"') return { kind: "quoted", text, end: at + 1 };
    if (/\p{Cc}/u.test(char) && char !== "\t") return null;
    if (char === "\\") at++;
    text += value.charAt(at);
  }
  return null;
}
