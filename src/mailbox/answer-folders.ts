import type { MailboxSession } from "./session.ts";

/** What an account says by putting a mail into a folder. */
export type FolderAnswer = "accept" | "decline";

const names: Readonly<Record<FolderAnswer, string>> = { accept: "Accept", decline: "Decline" };
const doneName = "Done";

/** The folders that are watched, with what a mail in them means. */
export type AnswerFolders = ReadonlyMap<string, FolderAnswer>;

/**
 * Makes sure that the folders for answers exist below `root` (names parted by `/`, whatever the server parts them by),
 * together with the one for what is done. Throws MailboxError where they cannot be made.
 */
export async function prepareAnswerFolders(session: MailboxSession, root: string): Promise<AnswerFolders> {
  const base = root.split("/").filter((name) => name !== "");
  const pathOf = (name: string): string => session.pathOf([...base, name]);
  const existing = new Set((await session.folders()).map(({ path }) => path));
  for (const path of [names.accept, names.decline, doneName].map(pathOf)) {
    if (!existing.has(path)) await session.change.createFolder(path);
  }
  return new Map([
    [pathOf(names.accept), "accept"],
    [pathOf(names.decline), "decline"],
  ]);
}

/** Where a mail of an answer folder goes when its answer is done. */
export function doneFolderOf(answerFolder: string): string {
  return siblingsOf(answerFolder).done;
}

/** Whether answers are put into `folder` as they are into `answerFolder`. */
export function isAnswerFolder(folder: string, answerFolder: string): boolean {
  const { accept, decline } = siblingsOf(answerFolder);
  return folder === accept || folder === decline;
}

function siblingsOf(answerFolder: string): Readonly<Record<FolderAnswer | "done", string>> {
  const base = answerFolder.replace(new RegExp(`(?:${names.accept}|${names.decline})$`), "");
  return { accept: base + names.accept, decline: base + names.decline, done: base + doneName };
}
