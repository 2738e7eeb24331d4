/** A run of text as it stands in a file, so that a mistake can be shown where it was made. */
export interface Piece {
  readonly file: string;
  /** Of the first character, from 1. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** Stands in the file under another text: every part of it is shown at its beginning. */
  readonly isReplaced?: true;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function joined(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join("");
}

/** A part of a piece. */
export function sliceOf(piece: Piece, from: number, to?: number): Piece {
  return { ...piece, ...placeWithin(piece, from), text: piece.text.slice(from, to) };
}

/** Where a character of the joined text stands in its file. */
export function placeOf(pieces: readonly Piece[], offset: number): Place | null {
  let before = 0;
  for (const piece of pieces) {
    if (offset < before + piece.text.length) return placeWithin(piece, offset - before);
    before += piece.text.length;
  }
  return null;
}

function placeWithin({ file, line, column, text, isReplaced }: Piece, offset: number): Place {
  if (isReplaced === true) return { file, line, column };
  const lines = text.slice(0, offset).split("\n");
  const last = lines.at(-1)?.length ?? 0;
  return { file, line: line + lines.length - 1, column: lines.length === 1 ? column + last : last + 1 };
}
