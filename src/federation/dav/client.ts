import type { OutboundClient, OutboundDownload } from "../../http/outbound.ts";
import { fileIn, rangeField, sizeBehind } from "../../protocols/download-part.ts";
import type { Ask, OpenReply, WantedFile } from "../../protocols/protocol.ts";
import { recorded, refusedBy } from "../recorded.ts";
import { type Trouble, trouble } from "../trouble.ts";
import { type DavResource, readMultistatus } from "./multistatus.ts";
import { addressOf, namesBelow } from "./names.ts";

/** What opens a share at its server. */
export interface DavAccess {
  /** The share itself; without query. */
  readonly root: URL;
  /** Value of the Authorization field: a secret. */
  readonly authorization: string;
}

/** A resource where it was found: names below the root of the share. */
export interface DavEntry extends Omit<DavResource, "href" | "status"> {
  readonly names: readonly string[];
}

export interface DavListing {
  readonly kind: "listing";
  readonly self: DavEntry;
  /** What lies in it, each name once; empty for a file, and where only the resource itself was asked for. */
  readonly children: readonly DavEntry[];
}

const question = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:o="http://open-cloud-mesh.org/ns"><d:prop><d:resourcetype/><d:getcontentlength/><d:getetag/>
<o:share-permissions/></d:prop></d:propfind>`;

/**
 * PROPFIND (RFC 4918 section 9.1): a resource, and with `depth` 1 what lies in it. What an answer says of other places is
 * left out, and one that says nothing of the resource is not understood.
 */
export async function propfind(
  http: OutboundClient,
  access: DavAccess,
  { names, depth }: { readonly names: readonly string[]; readonly depth: 0 | 1 },
  ask: Ask,
): Promise<DavListing | Trouble> {
  const url = addressOf(access.root, names);
  const named = { what: depth === 0 ? "look at the share" : "list the share", method: "PROPFIND", url };
  const headers = {
    authorization: access.authorization,
    depth: `${depth}`,
    "content-type": "application/xml; charset=utf-8",
    accept: "application/xml, text/xml",
  };
  return recorded(
    named,
    ask,
    async () => http.request({ url, method: "PROPFIND", headers, body: question, signal: ask.signal }),
    ({ status, text }) => (status === 207 ? listingIn(text, access.root, names) : refusedBy(status)),
  );
}

function listingIn(text: string, root: URL, names: readonly string[]): DavListing | Trouble {
  const read = readMultistatus(text);
  if (read.kind === "refused") return trouble("answer-not-understood", { because: read.because });
  const found = new Map<string, DavEntry>();
  for (const { href, status, ...about } of read.resources) {
    const at = status === null || status < 300 ? namesBelow(root, href) : null;
    const key = at?.join("/") ?? "";
    if (at !== null && !found.has(key)) found.set(key, { names: at, ...about });
  }
  const self = found.get(names.join("/"));
  if (self === undefined) return trouble("answer-not-understood");
  const children = [...found.values()].filter((each) => self.isFolder && isIn(names, each.names));
  return { kind: "listing", self, children };
}

function isIn(folder: readonly string[], names: readonly string[]): boolean {
  return names.length === folder.length + 1 && folder.every((name, at) => name === names[at]);
}

type Opened = Extract<OpenReply, { readonly kind: "opened" | "range-not-satisfiable" }>;

/** GET of a file or a part of it, as a stream. */
export async function get(
  http: OutboundClient,
  access: DavAccess,
  wanted: { readonly names: readonly string[]; readonly name: string; readonly range: WantedFile["range"] },
  ask: Ask,
): Promise<Opened | Trouble> {
  const url = addressOf(access.root, wanted.names);
  const range = rangeField(wanted.range);
  const headers = { authorization: access.authorization, ...(range === null ? {} : { range }) };
  return recorded(
    { what: "open the file", method: "GET", url },
    ask,
    async () => endingUnlessRead(await http.download({ url, headers, signal: ask.signal })),
    async (download) => openedBy(download, wanted),
  );
}

/** What cannot answer now is not read any further, and must not hold its connection. */
async function endingUnlessRead(download: OutboundDownload): Promise<OutboundDownload> {
  if (download.status !== 200 && download.status !== 206) await download[Symbol.asyncDispose]();
  return download;
}

async function openedBy(
  download: OutboundDownload,
  wanted: { readonly name: string; readonly range: WantedFile["range"] },
): Promise<Opened | Trouble> {
  const { status, headers } = download;
  if (status === 416) return { kind: "range-not-satisfiable", sizeBytes: sizeBehind(headers) };
  if (status !== 200 && status !== 206) return refusedBy(status);
  return (await fileIn(download, wanted)) ?? trouble("answer-not-understood");
}
