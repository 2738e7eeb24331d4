/** Text of a stranger fit for one line of a record: no control or invisible characters, white space made single. */
export function oneLine(text: string, maxChars: number): string {
  const clean = text
    .toWellFormed()
    .replaceAll(/\p{Cf}/gu, "")
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return clean.length <= maxChars ? clean : clean.slice(0, maxChars).replace(/[\uD800-\uDBFF]$/, "");
}
