/** The known word that was most probably meant, or null when none is near. */
export function didYouMean(word: string, known: readonly string[]): string | null {
  const wanted = plain(word);
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of known) {
    const distance = editDistance(wanted, plain(name));
    if (best === null || distance < best.distance) best = { name, distance };
  }
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  return best !== null && best.distance <= allowed ? best.name : null;
}

/** poll_every, poll-every and PollEvery are one word. */
function plain(word: string): string {
  return word.slice(0, 40).replaceAll(/[-_ ]/g, "").toLowerCase();
}

/** Levenshtein, with two swapped neighbours counted as one change: `prot` is near `port`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const changed = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwapped ? at(row - 2, column - 2) + 1 : changed;
      current.push(Math.min(changed, swapped, at(row - 1, column) + 1, at(row, column - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
