/** What an account says by putting a mail into a folder. */
export type FolderAnswer = "accept" | "decline";

/** Names of the folders below the one for answers, as people see them in their mail program. */
export const answerFolderNames = { accept: "Accept", decline: "Decline", done: "Done" } as const;

/** Where a mail of an answer folder goes when its answer is done. */
export function doneFolderOf(answerFolder: string): string {
  return `${baseOf(answerFolder)}${answerFolderNames.done}`;
}

/** Whether answers are put into `folder` as they are into `answerFolder`. */
export function isAnswerFolder(folder: string, answerFolder: string): boolean {
  const base = baseOf(answerFolder);
  return [answerFolderNames.accept, answerFolderNames.decline].some((name) => folder === base + name);
}

/** The path up to the folder's own name, with whatever separator the server has. */
function baseOf(answerFolder: string): string {
  const { accept, decline } = answerFolderNames;
  const name = [accept, decline].find((own) => answerFolder.endsWith(own)) ?? "";
  return answerFolder.slice(0, answerFolder.length - name.length);
}
