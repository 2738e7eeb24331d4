import { Readable } from "node:stream";
import type { OutboundDownload } from "../../http/outbound.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { ask, download, type Relayed } from "./application.ts";
import { permissionsOf } from "./deliver.ts";
import { bare, davError, shownFields, unreached } from "./relay-answer.ts";
import { addressOf, pathFor, type Place } from "./relay-place.ts";
import { rewriteMultistatus } from "./rewrite-multistatus.ts";
import type { Streams } from "./streams.ts";

export interface RelayParts extends Pick<FederationParts, "http" | "tell"> {
  readonly streams: Streams;
}

export interface PlacedRequest extends Relayed {
  readonly place: Place;
}

/** GET and HEAD: straight from the application, nothing is kept here. */
export async function read(parts: RelayParts, about: PlacedRequest): Promise<PeerReply> {
  const { request, application, place } = about;
  const url = addressOf(application.url, place);
  const headers = fieldsOf(request, ["range", "if-range", "if-match", "if-none-match", "if-modified-since"]);
  if (request.method !== "HEAD") return content(parts, about, { url, headers });
  const answer = await ask(parts, about, { method: "HEAD", url, headers });
  if ("kind" in answer) return unreached(answer);
  const { status, headers: fields } = answer;
  if (status !== 200) return bare(status, fields, false);
  // An empty stream: the length is the file's.
  return { status, headers: shownFields(fields), body: Readable.from([]) };
}

async function content(
  parts: RelayParts,
  about: PlacedRequest,
  wanted: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
): Promise<PeerReply> {
  const end = parts.streams.begin(about.share.id);
  if (end === null) return { status: 503, headers: { "retry-after": "10" } };
  await using held = new AsyncDisposableStack();
  held.defer(end);
  const answer = await download(parts, about, wanted);
  if ("kind" in answer) return unreached(answer);
  held.use(answer);
  const { status, headers: fields } = answer;
  if (status !== 200 && status !== 206) return bare(status, fields, false);
  return { status, headers: shownFields(fields), body: streamOf(answer.body, held.move()) };
}

/** The application is read as fast as the peer takes it; the visit there ends with the stream, however that ends. */
function streamOf(body: OutboundDownload["body"], visit: AsyncDisposable): Readable {
  const stream = Readable.from(body, { objectMode: false });
  // A body that breaks off cuts the connection to the peer, which can tell by that.
  stream.once("error", () => undefined);
  stream.once("close", () => void visit[Symbol.asyncDispose]());
  return stream;
}

/** PROPFIND of one resource, or of a folder and what lies in it. */
export async function list(parts: RelayParts, about: PlacedRequest): Promise<PeerReply> {
  const { request, application, place } = about;
  const depth = request.headers["depth"];
  // Without the field it is infinity (RFC 4918 section 9.1).
  if (depth !== "0" && depth !== "1") return davError(403, "propfind-finite-depth");
  const wanted = {
    method: "PROPFIND",
    headers: { depth, ...fieldsOf(request, ["content-type"]) },
    body: bytesOf(request),
  } as const;
  const url = addressOf(application.url, place);
  const first = await ask(parts, about, { ...wanted, url });
  if ("kind" in first) return unreached(first);
  // Some servers send folders that are named without a slash to the same name with one.
  const isSentOn = first.status >= 300 && first.status < 400 && !url.endsWith("/");
  const answer = isSentOn ? await ask(parts, about, { ...wanted, url: `${url}/` }) : first;
  if ("kind" in answer) return unreached(answer);
  if (answer.status !== 207) return bare(answer.status, answer.headers, false);
  return multistatus(parts, about, answer.text);
}

function multistatus({ tell }: RelayParts, about: PlacedRequest, text: string): PeerReply {
  const { share, request, application, place } = about;
  const asksRights = bytesOf(request).includes("http://open-cloud-mesh.org/ns");
  const rewritten = rewriteMultistatus(text, {
    hrefFor: (href) => pathFor(href, { resourceUrl: application.url, place }),
    permissions: asksRights ? JSON.stringify(permissionsOf(share)) : null,
  });
  if (rewritten === null) {
    tell("share-not-relayed", { share: share.id, reason: "no-multistatus" });
    return { status: 502 };
  }
  return {
    status: 207,
    headers: { "content-type": "application/xml; charset=utf-8", dav: "1" },
    body: rewritten,
  };
}

/** Fields of the request that go on. */
export function fieldsOf(
  { headers }: PeerRequest<null>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** The body of a request whose route takes bytes. */
export function bytesOf({ body }: PeerRequest<null>): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
