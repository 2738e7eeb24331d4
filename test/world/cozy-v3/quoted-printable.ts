/** Room for the soft line break: RFC 2045, section 6.7, allows 76 characters. */
const longestLine = 75;

/** RFC 2045, section 6.7; lines of the text end with CRLF. */
export function quotedPrintable(text: string): string {
  return text.split("\r\n").map(encodedLine).join("\r\n");
}

function encodedLine(line: string): string {
  const bytes = [...Buffer.from(line, "utf8")];
  const tokens = bytes.map((byte, index) => encodedByte(byte, index === bytes.length - 1));
  const lines = [""];
  for (const token of tokens) {
    if ((lines.at(-1) ?? "").length + token.length > longestLine) lines.push("");
    lines[lines.length - 1] += token;
  }
  return lines.join("=\r\n");
}

function encodedByte(byte: number, isLast: boolean): string {
  const character = String.fromCharCode(byte);
  const isBlank = character === " " || character === "\t";
  if (isBlank && !isLast) return character;
  if (character >= "!" && character <= "~" && character !== "=") return character;
  return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
