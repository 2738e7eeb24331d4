import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files by their path, as they would stand in the project. */
export type Files = Readonly<Record<string, string>>;

/** A tree in a temporary directory, with the project's packages and some of its own files beside the planted ones. */
export function plantedTree(
  files: Files,
  own: readonly string[] = [],
): Disposable & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "usher-planted-"));
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  for (const file of own) copyFileSync(file, join(folder, file));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
