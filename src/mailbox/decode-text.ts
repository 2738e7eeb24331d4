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

/** RFC 2045 section 6.7. */
function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index] ?? 0;
    const step = byte === equals ? escapeAt(bytes, index) : null;
    if (step === null || step.byte !== null) decoded[length++] = step?.byte ?? byte;
    index += step?.length ?? 1;
  }
  return decoded.subarray(0, length);
}

/** What an equals sign begins: a coded byte, or a line break that is none (`byte` null); null for neither. */
function escapeAt(
  bytes: Buffer,
  index: number,
): { readonly byte: number | null; readonly length: number } | null {
  if (bytes[index + 1] === feed) return { byte: null, length: 2 };
  if (bytes[index + 1] === carriageReturn && bytes[index + 2] === feed) return { byte: null, length: 3 };
  const high = hexDigit(bytes[index + 1]);
  const low = hexDigit(bytes[index + 2]);
  return high === null || low === null ? null : { byte: high * 16 + low, length: 3 };
}

function hexDigit(code: number | undefined): number | null {
  if (code === undefined) return null;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code & 0xdf;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x41 + 10 : null;
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
