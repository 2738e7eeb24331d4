import type { DocumentFacts } from "./cozy-permissions.ts";
import { isObject, type JsonObject } from "./json.ts";

/** A document as it is kept: CouchDB's body without `_id` and `_rev`. */
export type DocumentBody = JsonObject;

export const filesType = "io.cozy.files";
export const contactsType = "io.cozy.contacts";
export const groupsType = "io.cozy.contacts.groups";
/** The folders that hold everything, what was thrown away, and what others share: none of them is shared (reference/cozy.md 7.1). */
export const unsharedFolders: readonly string[] = [
  "io.cozy.files.root-dir",
  "io.cozy.files.trash-dir",
  "io.cozy.files.shared-with-me-dir",
];
/** What an account chose, for example where received files go: nobody else's to write, whatever a sharing says. */
export const settingsType = "io.cozy.settings";

/** What a document refers to, as `doctype/id` (reference/cozy.md 5.2). */
export function referencesOf({ referenced_by: list }: DocumentBody): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap(({ type, id }) => {
    return typeof type === "string" && typeof id === "string" ? [`${type}/${id}`] : [];
  });
}

/** The folder that a file or folder lies in; null for anything else. */
export function folderOf(type: string, { dir_id: folder }: DocumentBody): string | null {
  return type === filesType && typeof folder === "string" && folder !== "" ? folder : null;
}

export function isFolder(type: string, body: DocumentBody): boolean {
  return type === filesType && body["type"] === "directory";
}

/** What permissions ask about a document. `folders`: those that it lies in, the nearest first. */
export function factsOf(
  { type, id }: { readonly type: string; readonly id: string },
  body: DocumentBody,
  folders: readonly string[],
): DocumentFacts {
  return { type, id, referencedBy: referencesOf(body), folders };
}
