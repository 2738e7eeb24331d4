import { answerFolderNames, type FolderAnswer } from "../domain/answer-folders.ts";
import type { MailboxSession } from "./session.ts";

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
  for (const path of Object.values(answerFolderNames).map(pathOf)) {
    if (!existing.has(path)) await session.change.createFolder(path);
  }
  return new Map([
    [pathOf(answerFolderNames.accept), "accept"],
    [pathOf(answerFolderNames.decline), "decline"],
  ]);
}
