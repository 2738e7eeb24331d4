import type { OutgoingHttpHeaders } from "node:http";
import { pipeline, Readable } from "node:stream";
import { etagOf, type Held, type Served, sizeOf } from "./files.ts";

/** GET and HEAD of a file: whole, one range (RFC 9110 section 14), or nothing new. */
export async function content(served: Served): Promise<void> {
  const { method, name, headers, files, response } = served;
  const held = files.get(name);
  if (held === undefined || held === null) return void response.writeHead(held === null ? 405 : 404).end();
  const etag = etagOf(held);
  if (headers["if-none-match"] === etag) return void response.writeHead(304, { ETag: etag }).end();
  const size = sizeOf(held);
  const range = rangeIn(headers.range ?? "", size);
  const { first, last } = range ?? { first: 0, last: size - 1 };
  if (first > last) return void response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
  const ranged = range === null ? {} : { "Content-Range": `bytes ${first}-${last}/${size}` };
  response.writeHead(range === null ? 200 : 206, { ...fields(etag, last - first + 1), ...ranged });
  if (method === "HEAD") return void response.end();
  await send(held, { first, last }, served);
}

interface Range {
  readonly first: number;
  readonly last: number;
}

function rangeIn(field: string, size: number): Range | null {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(field) ?? [];
  return first === undefined
    ? null
    : { first: Number(first), last: Math.min(size - 1, Number(last || size - 1)) };
}

/** With what applications say that is nobody else's business. */
function fields(etag: string, bytes: number): OutgoingHttpHeaders {
  return {
    "Content-Type": "text/html",
    "Content-Length": bytes,
    ETag: etag,
    "Last-Modified": "Thu, 01 Oct 2026 08:00:00 GMT",
    "Accept-Ranges": "bytes",
    "Set-Cookie": "session=secret",
    "X-Powered-By": "An application",
  };
}

async function send(
  held: NonNullable<Held>,
  { first, last }: Range,
  { response, count }: Served,
): Promise<void> {
  if ("bytes" in held) return void response.end(held.bytes.subarray(first, last + 1));
  const { promise, resolve } = Promise.withResolvers<void>();
  pipeline(Readable.from(made(last - first + 1, count), { objectMode: false }), response, () => resolve());
  await promise;
}

const chunk = Buffer.alloc(64 * 1024, "usher ");

/** Bytes that nobody keeps, as fast as they are taken. */
function* made(bytes: number, count: Served["count"]): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    const next = chunk.subarray(0, Math.min(left, chunk.length));
    count(next.length);
    yield next;
  }
}
