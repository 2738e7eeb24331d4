/**
 * Letters that are drawn like a plain one: the usual part of Unicode's confusables.txt (UTS #39, section 4) for the
 * scripts that host names mix with Latin, with the digits and pairs that people misread. Each row: plain, its doubles.
 */
const rows: readonly (readonly [plain: string, doubles: string])[] = [
  ["a", "аαɑ"],
  ["ae", "æӕ"],
  ["b", "ЬьƅҍƄ"],
  ["c", "сϲⅽᴄ"],
  ["d", "ԁđɖɗⅾ"],
  ["e", "еҽє℮ε"],
  ["f", "ғƒϝ"],
  ["g", "ɡԍց"],
  ["h", "һհћђ"],
  ["i", "іıɩιі"],
  ["j", "јϳ"],
  ["k", "кκқĸ"],
  ["l", "1ӏłǀⅼ"],
  ["m", "мⅿ"],
  ["n", "пηոռ"],
  ["o", "0оοσօøଠ"],
  ["oe", "œ"],
  ["p", "рρϼƿ"],
  ["q", "ԛգզ"],
  ["r", "гᴦґ"],
  ["s", "ѕꜱƽ"],
  ["t", "тτŧ"],
  ["u", "υսʋцꭎ"],
  ["v", "νѵⅴᴠ"],
  ["w", "ԝωшщᴡ"],
  ["x", "хχҳⅹ"],
  ["y", "уγүұʏ"],
  ["z", "ᴢʐ"],
];

const plainOf: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([plain, doubles]) => Array.from(doubles, (double): [string, string] => [double, plain])),
);

/**
 * The shape of a label: two labels of one shape are read as one name. Without accents, look-alike letters as plain ones,
 * `rn`, `vv` and `cl` as the letters they resemble. The shape of a shape is itself.
 */
export function shapeOf(label: string): string {
  return plainLetters(label).replaceAll("rn", "m").replaceAll("vv", "w").replaceAll("cl", "d");
}

/** Letters of other scripts that cannot be told from plain ones at all. */
const disguises: ReadonlySet<string> = new Set("асԁеһіјӏорԛѕԝхуьпгѵαικνορτυωη");

/** Whether a label is written in another script, and yet with nothing but doubles of plain letters: `аррӏе`. */
export function isDisguised(label: string): boolean {
  const letters = Array.from(label);
  return (
    letters.some((letter) => disguises.has(letter)) &&
    letters.every((letter) => disguises.has(letter) || /^[a-z0-9-]$/.test(letter))
  );
}

function plainLetters(label: string): string {
  const letters = Array.from(
    label.toLowerCase().normalize("NFKD"),
    (letter) => plainOf.get(letter) ?? letter,
  );
  const bare = letters.join("").replaceAll(/\p{M}/gu, "");
  return Array.from(bare.toLowerCase(), (letter) => plainOf.get(letter) ?? letter).join("");
}
