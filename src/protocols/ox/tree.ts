import { limits } from "../../domain/limits.ts";
import type { BrowseReply, FolderEntry, OpenReply, WantedFile } from "../protocol.ts";
import { openDocument } from "./document.ts";
import { listEntries, probeFolder } from "./folders.ts";
import { addressable, entryNamed } from "../entry-names.ts";
import type { OxSession } from "./session.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** What is reached through a share: one folder is the root itself; several lie in the root under their titles. */
export interface Tree {
  readonly session: OxSession;
  /** Ids of the shared folders. */
  readonly roots: readonly string[];
  /** The share is one folder; where it has several, the root lists those that stand, be it one. */
  readonly isOneFolder: boolean;
}

type NoSuchPath = { readonly kind: "no-such-path"; readonly path: string };
type Listed = Extract<BrowseReply, { readonly kind: "listed" }>;

/** A folder with what is in it; `id` is null for the root of several folders. */
interface OpenFolder {
  readonly kind: "folder";
  readonly id: string | null;
  readonly entries: readonly FolderEntry[];
}

interface FoundFile {
  readonly kind: "file";
  readonly folder: string;
  readonly entry: FolderEntry;
}

/** Lists the folder at `path`, names separated by `/`. */
export async function browseTree(tree: Tree, path: string): Promise<Listed | NoSuchPath | Trouble> {
  const found = await walk(tree, path);
  if (found.kind === "file") return { kind: "no-such-path", path };
  return found.kind === "folder" ? { kind: "listed", path, entries: found.entries } : found;
}

/** Opens the file at a path. Where it is opened, the session is kept until the file is disposed of. */
export async function openInTree(
  tree: Tree,
  { path, range }: WantedFile,
  keep: () => void,
): Promise<Exclude<OpenReply, { readonly kind: "no" | "try-later" }> | Trouble> {
  const found = await walk(tree, path);
  if (found.kind === "folder") return { kind: "is-a-folder", path };
  if (found.kind !== "file") return found;
  const opened = await openDocument(tree.session, found, range);
  if (opened.kind === "opened") keep();
  return opened;
}

async function walk(tree: Tree, path: string): Promise<OpenFolder | FoundFile | NoSuchPath | Trouble> {
  const names = path === "" ? [] : path.split("/");
  if (names.length > limits.browsedFolders || names.some(isNoName)) return { kind: "no-such-path", path };
  let at: OpenFolder | FoundFile | NoSuchPath | Trouble = await openRoot(tree);
  for (const name of names) {
    if (at.kind === "file") return { kind: "no-such-path", path };
    if (at.kind !== "folder") return at;
    at = (await step(tree.session, at, name)) ?? { kind: "no-such-path", path };
  }
  return at;
}

/** What is called so in a folder; null for nothing. */
async function step(
  session: OxSession,
  { id, entries }: OpenFolder,
  name: string,
): Promise<OpenFolder | FoundFile | Trouble | null> {
  const entry = entryNamed(entries, name);
  if (entry === undefined) return null;
  if (entry.kind === "file") return id === null ? null : { kind: "file", folder: id, entry };
  const below = await openFolder(session, entry.id);
  // What is gone below the share does not end the share.
  const isGone = isTrouble(below) && below.name === "folder-not-visible" && id !== null;
  return isGone ? null : below;
}

/** Nothing is called so behind a share, and a path that climbs is never passed on. */
function isNoName(name: string): boolean {
  return name === "" || name === "." || name === "..";
}

async function openRoot({ session, roots, isOneFolder }: Tree): Promise<OpenFolder | Trouble> {
  const [only] = roots;
  if (only !== undefined && isOneFolder) return openFolder(session, only);
  const entries: FolderEntry[] = [];
  for (const id of roots) {
    const probed = await probeFolder(session, id);
    if (!isTrouble(probed)) entries.push({ id, name: probed.title, kind: "folder", sizeBytes: null });
    else if (probed.name !== "folder-not-visible") return probed;
  }
  if (entries.length === 0) return trouble("folder-not-visible");
  return { kind: "folder", id: null, entries: addressable(entries) };
}

async function openFolder(session: OxSession, id: string): Promise<OpenFolder | Trouble> {
  const listed = await listEntries(session, id, "whole");
  return isTrouble(listed) ? listed : { kind: "folder", id, entries: addressable(listed.entries) };
}
