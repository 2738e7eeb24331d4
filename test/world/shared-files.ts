import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * A folder of sample mails or corpora beside the project, which never become part of it. Undefined, with the reason printed,
 * where the folder is missing.
 */
export function sharedFolder(path: string): string | undefined {
  const folder = fileURLToPath(new URL(`../../../shared/${path}/`, import.meta.url));
  if (existsSync(folder)) return folder;
  console.warn(`Skipped: ${folder} is missing.`);
  return undefined;
}

/** Paths of all files below a folder whose name passes. */
export function filesBelow(folder: string, isWanted: (name: string) => boolean): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted();
}
