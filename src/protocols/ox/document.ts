import { fileIn, rangeField } from "../download-part.ts";
import type { FolderEntry, OpenedFile, OpenReply, WantedFile } from "../protocol.ts";
import type { OxSession } from "./session.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** A file where it was found: its folder's id, and its entry there. */
interface Found {
  readonly folder: string;
  readonly entry: FolderEntry;
}

type BeyondEnd = Extract<OpenReply, { readonly kind: "range-not-satisfiable" }>;

/**
 * Opens a document (reference/ox.md 4.4). Whether OX gives ranges is not documented: one is asked for. The session is closed
 * with the file.
 */
export async function openDocument(
  session: OxSession,
  { folder, entry }: Found,
  range: WantedFile["range"],
): Promise<OpenedFile | BeyondEnd | Trouble> {
  const call = {
    what: "open the document",
    module: "infostore",
    action: "document",
    query: { id: entry.id, folder, delivery: "download" },
  };
  const answer = await session.download(call, rangeField(range));
  if (isTrouble(answer)) return answer;
  if (answer.kind === "beyond-end") return { kind: "range-not-satisfiable", sizeBytes: answer.sizeBytes };
  const opened = await fileIn(answer.download, { name: entry.name, range }, async () => session.close());
  return opened ?? trouble("answer-not-understood");
}
