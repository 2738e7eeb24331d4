/** How one text part is written: both lower-case, as BODYSTRUCTURE gives them. */
export interface TextCoding {
  readonly encoding: string;
  readonly charset: string;
}

/** A text part as characters. Takes any bytes and part of a part; what has no meaning in the coding stays as it is. */
export function decodeText(bytes: Buffer, { encoding, charset }: TextCoding): string {
  return decodeCharset(decodeTransfer(bytes, encoding), charset);
}

function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  if (encoding === "quoted-printable") return decodeQuotedPrintable(bytes);
  return encoding === "base64" ? Buffer.from(bytes.toString("latin1"), "base64") : bytes;
}

const equals = 0x3d;
const feed = 0x0a;
const carriageReturn = 0x0d;

/** RFC 2045 section 6.7. Every mail's text comes through here: numbers only, nothing is allocated on the way. */
function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index] ?? 0;
    // Nearly every byte stands for itself.
    if (byte !== equals) {
      decoded[length++] = byte;
      index += 1;
      continue;
    }
    const softBreakBytes = softBreakAt(bytes, index);
    const coded = codedByteAt(bytes, index);
    if (softBreakBytes === 0) decoded[length++] = coded === none ? byte : coded;
    index += coded === none ? Math.max(softBreakBytes, 1) : 3;
  }
  return decoded.subarray(0, length);
}

const none = -1;

/** Length of the line break that an equals sign makes none; 0 where there is no line break. */
function softBreakAt(bytes: Buffer, index: number): number {
  if (bytes[index + 1] === feed) return 2;
  return bytes[index + 1] === carriageReturn && bytes[index + 2] === feed ? 3 : 0;
}

/** The byte whose digits follow an equals sign, or `none`. */
function codedByteAt(bytes: Buffer, index: number): number {
  const high = hexDigit(bytes[index + 1]);
  const low = hexDigit(bytes[index + 2]);
  return high === none || low === none ? none : high * 16 + low;
}

/** The value of a digit, or `none`. */
function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code & 0xdf;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x41 + 10 : none;
}

function decodeCharset(bytes: Buffer, charset: string): string {
  if (charset === "" || charset === "us-ascii" || charset === "utf-8") return bytes.toString("utf8");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // Unknown names: the web addresses that are looked for are ASCII in nearly every charset.
    return bytes.toString("latin1");
  }
}
