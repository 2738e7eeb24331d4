import { filesType, folderOf, isFolder } from "../../domain/cozy-document.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { addressable, entryNamed } from "../../protocols/entry-names.ts";
import type { BrowseReply, FolderEntry, OpenReply, WantedFile } from "../../protocols/protocol.ts";
import {
  type CozyDocumentRow,
  type DocumentHead,
  documentHeadsReceived,
  readDocument,
} from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "./access.ts";

type Listed = Extract<BrowseReply, { readonly kind: "listed" | "no-such-path" }>;
type Opened = Exclude<OpenReply, { readonly kind: "no" | "try-later" }>;

/** What came through a sharing, by its place: the id of a folder, or null for the root. */
interface Tree {
  readonly heads: ReadonlyMap<string, DocumentHead>;
  readonly below: ReadonlyMap<string | null, readonly FolderEntry[]>;
}

type Place =
  | { readonly kind: "folder"; readonly entries: readonly FolderEntry[] }
  | { readonly kind: "file"; readonly head: DocumentHead; readonly entry: FolderEntry };

/**
 * Lists what a sharer sent of a folder so far; `path` as in protocols/README.md. A sharing of one folder shows what is in it.
 * Documents other than files are listed as files of their JSON.
 */
export async function browseReceived(db: Db, cozySharingId: string, path: string): Promise<Listed> {
  const place = walk(await treeOf(db, cozySharingId), path);
  return place?.kind === "folder"
    ? { kind: "listed", path, entries: place.entries }
    : { kind: "no-such-path", path };
}

/** Opens a file that a sharer sent, whole or one range, from the store. */
export async function openReceived(
  db: Db,
  cozySharingId: string,
  { path, range }: WantedFile,
): Promise<Opened> {
  const place = walk(await treeOf(db, cozySharingId), path);
  if (place === null) return { kind: "no-such-path", path };
  if (place.kind === "folder") return { kind: "is-a-folder", path };
  const { account_id: accountId, doctype, document_id: id } = place.head;
  const row = await readDocument(db, { accountId, doctype, id });
  if (row === undefined) return { kind: "no-such-path", path };
  return openRow(row, place.entry.name, range);
}

function openRow(row: CozyDocumentRow, name: string, wanted: WantedFile["range"]): Opened {
  const isFile = row.doctype === filesType;
  const bytes = isFile ? (row.content ?? Buffer.alloc(0)) : Buffer.from(row.body_json);
  const range = wanted === null ? null : rangeIn(bytes, wanted);
  if (range !== null && range.first > range.last) {
    return { kind: "range-not-satisfiable", sizeBytes: bytes.length };
  }
  return {
    kind: "opened",
    name,
    mediaType: isFile ? mediaTypeOf(bodyOf(row)["mime"]) : "application/json",
    sizeBytes: bytes.length,
    range,
    etag: `"${row.revision}"`,
    body: oneChunk(range === null ? bytes : bytes.subarray(range.first, range.last + 1)),
    [Symbol.asyncDispose]: async () => {},
  };
}

function rangeIn(bytes: Buffer, { first, last }: NonNullable<WantedFile["range"]>) {
  return { first, last: Math.min(last ?? bytes.length - 1, bytes.length - 1), ofBytes: bytes.length };
}

function mediaTypeOf(mime: unknown): string {
  return typeof mime === "string" && /^[\w.+-]+\/[\w.+-]+$/.test(mime) ? mime : "application/octet-stream";
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function treeOf(db: Db, cozySharingId: string): Promise<Tree> {
  const heads = await documentHeadsReceived(db, cozySharingId, limits.cozyDocuments);
  const folders = new Set(heads.filter(isFolderHead).map(({ document_id: id }) => id));
  const below = new Map<string | null, FolderEntry[]>();
  for (const head of heads) {
    const above = folderOf(head.doctype, bodyOf(head));
    const place = above !== null && folders.has(above) && above !== head.document_id ? above : null;
    const entries = below.get(place) ?? [];
    if (entries.length < limits.listedEntries) entries.push(entryOf(head));
    below.set(place, entries);
  }
  return {
    heads: new Map(heads.map((head) => [head.document_id, head])),
    below: new Map([...below].map(([place, entries]) => [place, addressable(entries)])),
  };
}

function isFolderHead(head: DocumentHead): boolean {
  return isFolder(head.doctype, bodyOf(head));
}

function entryOf(head: DocumentHead): FolderEntry {
  const { document_id: id, doctype, content_bytes: bytes, body_json: text } = head;
  const { name, title } = bodyOf(head);
  const given = [name, title].find((each) => typeof each === "string" && each !== "");
  const shown = oneLine(typeof given === "string" ? given : id, limits.titleChars) || id;
  if (isFolderHead(head)) return { id, name: shown, kind: "folder", sizeBytes: null };
  const isFile = doctype === filesType;
  const sizeBytes = isFile ? (bytes ?? 0) : Buffer.byteLength(text);
  return { id, name: isFile ? shown : `${shown}.json`, kind: "file", sizeBytes };
}

function walk(tree: Tree, path: string): Place | null {
  const names = path === "" ? [] : path.split("/");
  if (names.length > limits.browsedFolders) return null;
  let at: Place | null = rootOf(tree);
  for (const name of names) at = at === null ? null : step(tree, at, name);
  return at;
}

function rootOf({ below }: Tree): Place {
  const entries = below.get(null) ?? [];
  const [only, ...others] = entries;
  const isOneFolder = others.length === 0 && only?.kind === "folder";
  return { kind: "folder", entries: isOneFolder ? (below.get(only.id) ?? []) : entries };
}

function step({ heads, below }: Tree, at: Place, name: string): Place | null {
  const entry = at.kind === "folder" ? entryNamed(at.entries, name) : undefined;
  const head = heads.get(entry?.id ?? "");
  if (entry === undefined || head === undefined) return null;
  if (entry.kind === "folder") return { kind: "folder", entries: below.get(entry.id) ?? [] };
  return { kind: "file", head, entry };
}
