import { OutboundError, type OutboundDownload } from "../http/outbound.ts";
import type { OpenedFile, OpenReply, WantedFile } from "./protocol.ts";

type Range = WantedFile["range"];
type BeyondEnd = Extract<OpenReply, { readonly kind: "range-not-satisfiable" }>;

/**
 * The file in the answer to a GET (200 or 206), whole or the part that was asked for: a server that gives no parts sends the
 * whole, and the part is cut out of it where its length is told. Null where the answer contradicts what was asked for. `after`
 * is done once the file is disposed of; where nothing is opened, the download is disposed of at once.
 */
export async function fileIn(
  download: OutboundDownload,
  { name, range }: { readonly name: string; readonly range: Range },
  after: () => Promise<void> = async () => {},
): Promise<OpenedFile | BeyondEnd | null> {
  const part = partOf(download, range);
  if (part?.kind !== "part") {
    await download[Symbol.asyncDispose]();
    return part;
  }
  const end = once(async () => {
    await download[Symbol.asyncDispose]();
    await after();
  });
  return {
    kind: "opened",
    name,
    mediaType: field(download, "content-type") ?? "application/octet-stream",
    sizeBytes: part.sizeBytes,
    range: part.range,
    etag: field(download, "etag"),
    body: endedAfter(part.body, end),
    [Symbol.asyncDispose]: end,
  };
}

/** Value of a Range field (RFC 9110 section 14.1.2); null for all of a file. */
export function rangeField(range: Range): string | null {
  return range === null ? null : `bytes=${range.first}-${range.last ?? ""}`;
}

/** Of an answer 416 (RFC 9110 section 15.5.17), which tells how long the file is. */
export function sizeBehind(headers: OutboundDownload["headers"]): number | null {
  const size = /^bytes \*\/(\d{1,15})$/.exec(headers["content-range"]?.[0] ?? "")?.[1];
  return size === undefined ? null : Number(size);
}

interface Part {
  readonly kind: "part";
  readonly sizeBytes: number | null;
  readonly range: OpenedFile["range"];
  readonly body: AsyncIterable<Uint8Array>;
}

/** What of the wanted bytes an answer holds; null where that cannot be. */
function partOf(download: OutboundDownload, wanted: Range): Part | BeyondEnd | null {
  if (download.status === 206) return rangedPart(download, wanted);
  const sizeBytes = lengthOf(download);
  const { body } = download;
  if (wanted === null || sizeBytes === null) return { kind: "part", sizeBytes, range: null, body };
  const last = Math.min(wanted.last ?? sizeBytes - 1, sizeBytes - 1);
  if (wanted.first > last) return { kind: "range-not-satisfiable", sizeBytes };
  const { first } = wanted;
  return {
    kind: "part",
    sizeBytes,
    range: { first, last, ofBytes: sizeBytes },
    body: cut(body, first, last - first + 1),
  };
}

/** A part must begin where it was asked to, and must not be longer (RFC 9110 section 14.4). */
function rangedPart(download: OutboundDownload, wanted: Range): Part | null {
  const range = contentRange(download);
  if (wanted === null || range === null) return null;
  const { first, last, ofBytes } = range;
  if (first !== wanted.first || last > (wanted.last ?? last)) return null;
  return { kind: "part", sizeBytes: ofBytes, range, body: cut(download.body, 0, last - first + 1) };
}

function contentRange(download: OutboundDownload): OpenedFile["range"] {
  const [, from, to, of] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(field(download, "content-range") ?? "") ?? [];
  if (from === undefined || to === undefined) return null;
  const range = { first: Number(from), last: Number(to), ofBytes: of === "*" ? null : Number(of) };
  return range.first <= range.last && range.last < (range.ofBytes ?? Infinity) ? range : null;
}

/** `count` bytes of a stream after the first `skip`; throws OutboundError where it ends before. */
async function* cut(
  body: AsyncIterable<Uint8Array>,
  skip: number,
  count: number,
): AsyncGenerator<Uint8Array, undefined> {
  let toSkip = skip;
  let left = count;
  for await (const chunk of body) {
    const piece = chunk.subarray(toSkip, toSkip + left);
    toSkip -= Math.min(toSkip, chunk.byteLength);
    left -= piece.byteLength;
    if (piece.byteLength > 0) yield piece;
    if (left === 0) return undefined;
  }
  throw new OutboundError("answer-too-short", true);
}

async function* endedAfter(
  body: AsyncIterable<Uint8Array>,
  end: () => Promise<void>,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* body;
  } finally {
    await end();
  }
  return undefined;
}

function once(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | null = null;
  return async () => (ending ??= end());
}

function lengthOf(download: OutboundDownload): number | null {
  const length = field(download, "content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/** A field that a stranger wrote, of a length that is no attack. */
function field({ headers }: OutboundDownload, name: string): string | null {
  const value = headers[name]?.[0];
  return value === undefined || value.length > 300 ? null : value;
}
