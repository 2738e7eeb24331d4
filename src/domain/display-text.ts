/** Texts that people write and other people read: titles, names, messages (reference/security.md, section 5). */

/** Whether a text of one line has a control character or line separator: C0, DEL, C1, LS, PS. */
export function hasControl(text: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(text);
}

/** Without the characters that turn the direction of writing around and so make one text look like another. */
export function withoutBidi(text: string): string {
  return text.toWellFormed().replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "");
}

/** The lines of a message, without other control characters and without empty lines at its ends. */
export function messageLines(text: string): readonly string[] {
  const clean = withoutBidi(text)
    .trim()
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replaceAll(/\p{Cc}/gu, " ").trimEnd());
  return clean.length === 1 && clean[0] === "" ? [] : clean;
}
