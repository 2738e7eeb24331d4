import { OutboundError, type OutboundResponse } from "./outbound.ts";

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Header fields with all their values; the names are lower-case already. */
export function headerValues(fields: Fields): OutboundResponse["headers"] {
  // fromEntries defines own properties, also for a field that is called __proto__.
  return Object.fromEntries<readonly string[]>(
    Object.entries(fields).map(([name, value = []]) => [name, typeof value === "string" ? [value] : value]),
  );
}

/**
 * Reads a body as UTF-8. Throws OutboundError for one that is larger than `maxBytes` or compressed: identity was asked
 * for, and only an answer that is not compressed has the size that is counted.
 */
export async function readText(
  headers: OutboundResponse["headers"],
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  refuseCompressed(headers);
  if (Number(headers["content-length"]?.[0] ?? 0) > maxBytes)
    throw new OutboundError("answer-too-large", true);
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new OutboundError("answer-too-large", true);
    kept.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(kept));
}

/** Throws OutboundError for a body that is not as it is: identity was asked for. */
export function refuseCompressed(headers: OutboundResponse["headers"]): void {
  const encodings = (headers["content-encoding"] ?? []).map((value) => value.trim().toLowerCase());
  if (encodings.some((encoding) => encoding !== "identity" && encoding !== "")) {
    throw new OutboundError("answer-compressed", true);
  }
}
