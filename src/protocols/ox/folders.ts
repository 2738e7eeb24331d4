import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { FolderEntry, FollowedFolder } from "../protocol.ts";
import { idText } from "./answers.ts";
import type { FolderTarget } from "./restrictions.ts";
import type { ApiCall, OxSession } from "./session.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** Columns of the OX HTTP API. Folders: id, title. Files: id, folder_id, title, filename, file_size. */
const subfolderColumns = "1,300";
const fileColumns = "1,20,700,702,704";

const folderAnswer = z.object({ data: z.object({ id: idText, title: z.string().optional() }) });
const rows = z.object({ data: z.array(z.array(z.unknown())) });
const sizeColumn = z.number().int().nonnegative();

export type ProbedFolder = { readonly kind: "folder"; readonly folder: FollowedFolder };

/**
 * Proves that a folder is visible (the server must return the same id, reference/ox.md 7) and lists what lies in it,
 * at most limits.folderEntries. A list that the server cannot give leaves the folder without entries.
 */
export async function readFolder(session: OxSession, target: FolderTarget): Promise<ProbedFolder | Trouble> {
  const { module, folder } = target;
  const probed = await probeFolder(session, folder);
  if (isTrouble(probed)) return probed;
  const entries = await listEntries(session, folder, "as-far-as-told");
  if (isTrouble(entries)) return entries;
  return {
    kind: "folder",
    folder: {
      module,
      folder,
      title: probed.title,
      entries: entries.entries.slice(0, limits.folderEntries),
    },
  };
}

/** The title of a folder that is visible: the server must return the same id (reference/ox.md 7). */
export async function probeFolder(
  session: OxSession,
  folder: string,
): Promise<{ readonly kind: "title"; readonly title: string } | Trouble> {
  const answer = await session.call({
    what: "probe the folder",
    module: "folders",
    action: "get",
    query: { id: folder },
  });
  if (isTrouble(answer)) return answer;
  const probed = folderAnswer.safeParse(answer.fields);
  if (!probed.success) return trouble("answer-not-understood");
  const { id, title } = probed.data.data;
  if (id !== folder) return trouble("other-folder-answered");
  return { kind: "title", title: oneLine(title ?? folder, limits.titleChars) };
}

interface Entries {
  readonly kind: "entries";
  readonly entries: readonly FolderEntry[];
}

/** As far as told: where a list is refused or too long, the folder counts as without entries. */
type Strictness = "as-far-as-told" | "whole";

/** What lies in a folder: subfolders, then files. Trouble where it cannot be told and `whole` is asked for. */
export async function listEntries(
  session: OxSession,
  folder: string,
  how: Strictness,
): Promise<Entries | Trouble> {
  const subfolders: ApiCall = {
    what: "list the subfolders",
    module: "folders",
    action: "list",
    query: { parent: folder, columns: subfolderColumns },
  };
  const files: ApiCall = {
    what: "list the files",
    module: "infostore",
    action: "all",
    query: { folder, columns: fileColumns },
  };
  const folderRows = await list(session, subfolders, how);
  if (isTrouble(folderRows)) return folderRows;
  const fileRows = await list(session, files, how);
  if (isTrouble(fileRows)) return fileRows;
  return {
    kind: "entries",
    entries: [...folderRows.rows.flatMap(folderEntry), ...fileRows.rows.flatMap(fileEntry)],
  };
}

interface Rows {
  readonly kind: "rows";
  readonly rows: readonly (readonly unknown[])[];
}

async function list(session: OxSession, call: ApiCall, how: Strictness): Promise<Rows | Trouble> {
  const answer = await session.call(call);
  const isTolerated = how === "as-far-as-told";
  if (isTrouble(answer)) return isTolerated && isRefusedList(answer) ? { kind: "rows", rows: [] } : answer;
  const read = rows.safeParse(answer.fields);
  if (read.success) return { kind: "rows", rows: read.data.data.slice(0, limits.listedEntries) };
  return isTolerated ? { kind: "rows", rows: [] } : trouble("answer-not-understood");
}

/** A refusal in the terms of OX, and not a server that failed or a session that ended. */
function isRefusedList({ name, because, code }: Trouble): boolean {
  if (because === "answer-too-large" || name === "request-not-accepted") return true;
  return name === "server-error" && code?.startsWith("HTTP ") !== true;
}

function folderEntry([id, title]: readonly unknown[]): readonly FolderEntry[] {
  return entry("folder", id, title, null);
}

function fileEntry([id, , title, filename, size]: readonly unknown[]): readonly FolderEntry[] {
  const name = typeof filename === "string" && filename !== "" ? filename : title;
  return entry("file", id, name, sizeColumn.safeParse(size).data ?? null);
}

function entry(
  kind: FolderEntry["kind"],
  id: unknown,
  name: unknown,
  sizeBytes: number | null,
): readonly FolderEntry[] {
  const known = idText.safeParse(id);
  if (!known.success) return [];
  const text = typeof name === "string" && name !== "" ? name : known.data;
  return [{ id: known.data, name: oneLine(text, limits.titleChars), kind, sizeBytes }];
}
