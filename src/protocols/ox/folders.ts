import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { FolderEntry, FollowedFolder } from "../protocol.ts";
import { type Answer, idText } from "./answers.ts";
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
  const entries = await listEntries(session, folder);
  if (isTrouble(entries)) return entries;
  return {
    kind: "folder",
    folder: {
      module,
      folder,
      title: oneLine(title ?? folder, limits.titleChars),
      entries: entries.entries,
    },
  };
}

type Entries = { readonly kind: "entries"; readonly entries: readonly FolderEntry[] };

async function listEntries(session: OxSession, folder: string): Promise<Entries | Trouble> {
  const subfolders = await list(session, {
    what: "list the subfolders",
    module: "folders",
    action: "list",
    query: { parent: folder, columns: subfolderColumns },
  });
  if (isTrouble(subfolders)) return subfolders;
  const files = await list(session, {
    what: "list the files",
    module: "infostore",
    action: "all",
    query: { folder, columns: fileColumns },
  });
  if (isTrouble(files)) return files;
  const entries = [...subfolders.rows.flatMap(folderEntry), ...files.rows.flatMap(fileEntry)];
  return { kind: "entries", entries: entries.slice(0, limits.folderEntries) };
}

type Rows = { readonly kind: "rows"; readonly rows: readonly (readonly unknown[])[] };

/** A list is an addition to the probe: where it is refused or too long, the folder is followed without entries. */
async function list(session: OxSession, call: ApiCall): Promise<Rows | Trouble> {
  const answer = await session.call(call);
  if (!isTrouble(answer)) return { kind: "rows", rows: rowsOf(answer) };
  return isRefusedList(answer) ? { kind: "rows", rows: [] } : answer;
}

/** A refusal in the terms of OX, and not a server that failed or a session that ended. */
function isRefusedList({ name, because, code }: Trouble): boolean {
  if (because === "answer-too-large" || name === "request-not-accepted") return true;
  return name === "server-error" && code?.startsWith("HTTP ") !== true;
}

function rowsOf(answer: Answer): Rows["rows"] {
  return rows.safeParse(answer.fields).data?.data.slice(0, limits.folderEntries) ?? [];
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
