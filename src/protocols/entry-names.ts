import type { FolderEntry } from "./protocol.ts";

/**
 * Names under which the entries of one folder are listed and found again, each once:
 * a `/` in a name becomes `_`, and the names `.` and `..` become `_` and `__`, because paths are made of names;
 * of entries with the same name each gets its id behind it: `plan.odt [9087]`. A name with its id is always found, also
 * where the plain one would do, so that a path stays good when a second entry of the same name comes.
 */
export function addressable(entries: readonly FolderEntry[]): readonly FolderEntry[] {
  const plain = entries.map((entry) => ({ ...entry, name: inPath(entry.name) }));
  const counts = new Map<string, number>();
  for (const { name } of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  // An entry that is really called `a [7]` must not stand for the `a` whose id is 7.
  const taken = new Set(plain.filter(({ name }) => counts.get(name) === 1).map(({ name }) => name));
  return plain.map((entry) => {
    if (counts.get(entry.name) === 1) return entry;
    let name = withId(entry);
    while (taken.has(name)) name = withId({ id: entry.id, name });
    taken.add(name);
    return { ...entry, name };
  });
}

/** The entry of that name among those listed; undefined where there is none. */
export function entryNamed(entries: readonly FolderEntry[], name: string): FolderEntry | undefined {
  const sought = name.normalize("NFC");
  return entries.find((entry) => entry.name === sought) ?? entries.find((entry) => withId(entry) === sought);
}

function inPath(name: string): string {
  const flat = name.normalize("NFC").replaceAll("/", "_");
  return /^\.{1,2}$/.test(flat) ? "_".repeat(flat.length) : flat;
}

/** The id of a file is `<folder>/<id>` (reference/ox.md 3.3); its folder is the path before it. */
function withId({ id, name }: Pick<FolderEntry, "id" | "name">): string {
  return `${name} [${id.slice(id.lastIndexOf("/") + 1)}]`;
}
