import { oneLine } from "../../domain/one-line.ts";
import { limits } from "../../domain/limits.ts";
import { readPermissions } from "../../protocols/ocm/permissions.ts";
import type {
  Ask,
  BrowseReply,
  Followed,
  FolderEntry,
  OpenReply,
  WantedFile,
} from "../../protocols/protocol.ts";
import { type DavAccess, type DavEntry, type DavListing, get, propfind } from "../dav/client.ts";
import { isName, namesIn } from "../dav/names.ts";
import type { FederationParts } from "../parts.ts";
import { isTrouble, type Trouble, trouble } from "../trouble.ts";

/** A share as it is shown: a folder, with the one file in it where it is no folder itself. */
export interface Shown {
  readonly http: FederationParts["http"];
  readonly access: DavAccess;
  /** As the peer calls it. */
  readonly name: string;
  /** The peer says that it is one file: some servers have that only below the address, under its name (reference/ocm.md 4.6). */
  readonly mayBeBelow: boolean;
  readonly ask: Ask;
}

type NoSuchPath = { readonly kind: "no-such-path"; readonly path: string };

/** What lies behind a share, which proves that the account sees it. */
export async function lookAt(shown: Shown, guest: string | null): Promise<Followed | Trouble> {
  const root = await lookAtRoot(shown, 1);
  if (isTrouble(root)) return root;
  // Nextcloud says nothing of rights where it posts a share (reference/ocm.md 6.2).
  const { permissions } = root.self;
  if (permissions !== null && readPermissions(permissions).length === 0) return trouble("not-readable");
  const title = oneLine(shown.name, limits.titleChars);
  const entries = entriesOf(shown, root).slice(0, limits.folderEntries);
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest,
    folders: [{ module: "files", folder: title, title, entries }],
    homeAccount: null,
    homeFolder: null,
  };
}

/** Lists the folder at a path. */
export async function browseShare(
  shown: Shown,
  path: string,
): Promise<Extract<BrowseReply, { readonly kind: "listed" }> | NoSuchPath | Trouble> {
  const found = await findIn(shown, path, 1);
  if (isTrouble(found) || found.kind === "no-such-path") return found;
  if (found.kind === "file") return { kind: "no-such-path", path };
  return { kind: "listed", path, entries: entriesOf(shown, found.listing) };
}

/** Opens the file at a path, or a part of it. */
export async function openInShare(
  shown: Shown,
  { path, range }: WantedFile,
): Promise<Exclude<OpenReply, { readonly kind: "no" | "try-later" }> | Trouble> {
  const found = await findIn(shown, path, 0);
  if (isTrouble(found) || found.kind === "no-such-path") return found;
  if (found.kind === "folder") return { kind: "is-a-folder", path };
  const { names, name } = found;
  return get(shown.http, shown.access, { names, name, range }, shown.ask);
}

type Found =
  | { readonly kind: "folder"; readonly listing: DavListing }
  | { readonly kind: "file"; readonly names: readonly string[]; readonly name: string };

/** What is not there is no such path while the share itself stands; a share that is one file holds that file. */
async function findIn(shown: Shown, path: string, depth: 0 | 1): Promise<Found | NoSuchPath | Trouble> {
  const names = namesIn(path);
  if (names?.length === 0) {
    const root = await lookAtRoot(shown, depth);
    return isTrouble(root) ? root : { kind: "folder", listing: root };
  }
  if (names !== null) {
    const found = await propfind(shown.http, shown.access, { names, depth }, shown.ask);
    if (!isTrouble(found)) return foundAt(found);
    if (!isMissing(found)) return found;
  }
  const root = await lookAtRoot(shown, 0);
  if (isTrouble(root)) return root;
  const isTheFile = !root.self.isFolder && path === fileName(shown);
  return isTheFile ? { kind: "file", names: root.self.names, name: path } : { kind: "no-such-path", path };
}

async function lookAtRoot(shown: Shown, depth: 0 | 1): Promise<DavListing | Trouble> {
  const { http, access, ask } = shown;
  const root = await propfind(http, access, { names: [], depth }, ask);
  if (!shown.mayBeBelow || !isTrouble(root) || root.because !== "share-gone") return root;
  const below = await propfind(http, access, { names: [fileName(shown)], depth: 0 }, ask);
  return isTrouble(below) || below.self.isFolder ? root : below;
}

function foundAt(listing: DavListing): Found {
  const { names, isFolder } = listing.self;
  return isFolder ? { kind: "folder", listing } : { kind: "file", names, name: names.at(-1) ?? "" };
}

/** Servers say in several ways that there is nothing under a name: some refuse names that they could not have. */
function isMissing({ name, because }: Trouble): boolean {
  return because === "share-gone" || name === "request-not-accepted";
}

/** The root of a share that is one file is shown as a folder. */
function entriesOf(shown: Shown, { self, children }: DavListing): readonly FolderEntry[] {
  const entries = self.isFolder ? children : [{ ...self, names: [fileName(shown)] }];
  return entries.map(entryOf);
}

function entryOf({ names, isFolder, sizeBytes }: DavEntry): FolderEntry {
  const name = names.at(-1) ?? "";
  return { id: names.join("/"), name, kind: isFolder ? "folder" : "file", sizeBytes };
}

/** The peer's name for the one file, made one that a path can have. */
function fileName({ name }: Shown): string {
  const plain = name.replaceAll(/[/\p{Cc}]/gu, "_").slice(0, limits.davNameChars);
  return isName(plain) ? plain : "file";
}
