import { parseHeaderFields } from "../domain/header-fields.ts";
import { limits } from "../domain/limits.ts";
import type { HeaderField } from "../domain/mail.ts";

/** The header block of a mail, and where its body begins. */
export interface MailHead {
  /** At most limits.headerFields, topmost first. */
  readonly fields: readonly HeaderField[];
  /** Fields are missing because a limit was reached. */
  readonly isCut: boolean;
  /** Offset behind the empty line; the length of the bytes where none was found. */
  readonly bodyStart: number;
}

/** Reads the header block of a mail or of the beginning of one. Takes any bytes, and line ends in CRLF or LF. */
export function readHead(bytes: Buffer): MailHead {
  const bodyStart = endOfHead(bytes);
  const block = bytes.subarray(0, Math.min(bodyStart, limits.headerBlockBytes));
  const { fields, isCut } = parseHeaderFields(block.toString("latin1"));
  return {
    fields: fields.map(({ name, value }) => ({ name, value: decodeEightBit(value) })),
    isCut: isCut || bodyStart > limits.headerBlockBytes,
    bodyStart,
  };
}

/** Mail in the line ends of old Macintoshes, a bare CR: only where there is no LF at all, so that none is smuggled in. */
export function withLineFeeds(bytes: Buffer): Buffer {
  if (bytes.includes(0x0a) || !bytes.includes(0x0d)) return bytes;
  return Buffer.from(bytes.toString("latin1").replaceAll("\r", "\n"), "latin1");
}

function endOfHead(bytes: Buffer): number {
  for (let feed = -1; feed < bytes.length;) {
    const line = feed + 1;
    if (bytes[line] === 0x0a) return line + 1;
    if (bytes[line] === 0x0d && bytes[line + 1] === 0x0a) return line + 2;
    feed = bytes.indexOf(0x0a, line);
    if (feed === -1) break;
  }
  return bytes.length;
}

/** Header values of modern mail are UTF-8 (RFC 6532); older ones are taken as Latin-1, which fits every byte. */
function decodeEightBit(value: string): string {
  if (!/[\u0080-\u00FF]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
