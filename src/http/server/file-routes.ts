import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Log } from "../../observe/log.ts";
import type { OpenedFile, OpenReply } from "../../protocols/protocol.ts";
import { type Api, byScope } from "./api.ts";
import { callerOf } from "./caller.ts";
import { failureOf } from "./file-problems.ts";
import { filePolicy } from "./headers.ts";
import type { Looked, ServerParts } from "./parts.ts";
import { Problem, problems } from "./problem.ts";
import { attachment, harmlessType, wantedRange } from "./range.ts";
import { filePath, given, listedSchema, operation, rowParams } from "./schemas.ts";
import { openOne, ownSubscription } from "./subscription-routes.ts";

/** What lies behind a subscription, straight from its origin; no copy is kept. */
export function fileRoutes(api: Api, parts: ServerParts): void {
  const schema = {
    ...operation("browseSubscription", "One folder behind a subscription, live", "files:read"),
    params: rowParams,
    querystring: z.object({ path: filePath.default("") }),
    response: { 200: given("What the folder holds.", listedSchema), ...problems },
  };
  api.get("/subscriptions/:id/browse", { ...byScope("files:read"), schema }, async (request, reply) => {
    const id = await openId(request, request.params.id, parts);
    const listed = await parts.files.browse(id, request.query.path, goneSignal(reply));
    if (listed.kind !== "listed") throw failureOf(listed);
    return { path: listed.path, entries: [...listed.entries] };
  });
  contentRoutes(api, parts);
}

function contentRoutes(api: Api, parts: ServerParts): void {
  const bytes = {
    "application/octet-stream": { schema: z.unknown().meta({ type: "string", format: "binary" }) },
  };
  const schema = {
    ...operation("readContent", "One file behind a subscription, live", "files:read"),
    description:
      "Streamed from the origin. One range of bytes (Range: bytes=FIRST-LAST) is answered with 206 as far as the origin " +
      "gives ranges, with If-Range as far as it gives an ETag; anything else is answered with the whole file.",
    params: rowParams,
    querystring: z.object({ path: filePath.min(1) }),
    response: {
      200: { description: "The whole file.", content: bytes },
      206: { description: "The range that Content-Range names.", content: bytes },
      ...problems,
    },
  };
  const url = "/subscriptions/:id/content";
  // The HEAD route that Fastify would make reads the file to its end.
  api.get(url, { ...byScope("files:read"), schema, exposeHeadRoute: false }, async (request, reply) => {
    const { signal, opened } = await opening(request, reply, parts);
    return describe(reply, opened).send(bodyStream(opened, signal, parts.log));
  });
  api.head(url, { ...byScope("files:read"), schema: { ...schema, hide: true } }, async (request, reply) => {
    const { opened } = await opening(request, reply, parts);
    await end(opened);
    return describe(reply, opened).send();
  });
}

interface Asked {
  readonly params: { readonly id: string };
  readonly query: { readonly path: string };
}

async function opening(
  request: FastifyRequest & Asked,
  reply: FastifyReply,
  parts: ServerParts,
): Promise<{ readonly opened: OpenedFile; readonly signal: AbortSignal }> {
  const id = await openId(request, request.params.id, parts);
  const signal = goneSignal(reply);
  const { range, "if-range": known } = request.headers;
  const wanted = { path: request.query.path, range: wantedRange(range) };
  const opened = openedOrThrow(await parts.files.open(id, wanted, signal));
  // RFC 9110 section 13.1.5: a part of another version is worth nothing.
  const isStale = known !== undefined && (opened.etag !== known || known.startsWith("W/"));
  if (opened.range === null || !isStale) return { opened, signal };
  await end(opened);
  return { opened: openedOrThrow(await parts.files.open(id, { ...wanted, range: null }, signal)), signal };
}

function openedOrThrow(reply: Looked<OpenReply>): OpenedFile {
  if (reply.kind === "opened") return reply;
  throw failureOf(reply);
}

async function openId(request: FastifyRequest, id: string, { store }: ServerParts): Promise<string> {
  return openOne(await ownSubscription(store.db, callerOf(request), id)).id;
}

/** Aborted as soon as nobody waits for the answer any more, and after it was sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

function describe(reply: FastifyReply, opened: OpenedFile): FastifyReply {
  const { name, mediaType, etag, range } = opened;
  const bytes = bodyBytes(opened);
  reply.headers({
    "accept-ranges": "bytes",
    "content-disposition": attachment(name),
    "content-security-policy": filePolicy,
    ...(bytes === null ? {} : { "content-length": String(bytes) }),
    ...(etag === null || !/^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(etag) ? {} : { etag }),
    ...(range === null
      ? {}
      : { "content-range": `bytes ${range.first}-${range.last}/${range.ofBytes ?? "*"}` }),
  });
  return reply.code(range === null ? 200 : 206).type(harmlessType(mediaType));
}

function bodyBytes({ range, sizeBytes }: OpenedFile): number | null {
  return range === null ? sizeBytes : range.last - range.first + 1;
}

/** The origin is read as fast as the client takes it; the visit there ends with the stream, however that ends. */
function bodyStream(opened: OpenedFile, signal: AbortSignal, log: Log): Readable {
  const stream = Readable.from(announced(opened, signal), { objectMode: false });
  stream.once("error", (error) => {
    if (!signal.aborted) log.warn("content-broke-off", { error });
  });
  stream.once("close", () => {
    end(opened).catch((error: unknown) => log.error("content-not-closed", { error }));
  });
  return stream;
}

async function end(opened: OpenedFile): Promise<void> {
  await opened[Symbol.asyncDispose]();
}

/**
 * The body, one chunk behind the origin: the last one is sent only when the origin has ended and nothing is missing or
 * too much, so that nobody takes a part for the whole, or what is too much for the next answer.
 */
async function* announced(opened: OpenedFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = bodyBytes(opened);
  let seen = 0;
  let held: Uint8Array | null = null;
  for await (const chunk of readOrBreakOff(opened.body)) {
    signal.throwIfAborted();
    seen += chunk.length;
    if (bytes !== null && seen > bytes) throw brokeOff();
    if (held !== null) yield held;
    held = chunk;
  }
  if (bytes !== null && seen < bytes) throw brokeOff();
  if (held !== null) yield held;
}

async function* readOrBreakOff(body: OpenedFile["body"]): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw brokeOff(error);
  }
}

function brokeOff(cause?: unknown): Problem {
  const text = {
    status: 502,
    reason: "origin-broke-off",
    detail: "The origin did not send what it had announced; ask again.",
  };
  return new Problem(text, { cause });
}
