import type { ModuleName } from "../../domain/share.ts";

/** What the path behind a share token names: a jump target, no authorisation (reference/ox.md, section 3.3). */
export interface OxTarget {
  /** Number of the module at the origin. */
  readonly moduleId: number;
  /** The module under Usher's name; null for one that Usher does not know. */
  readonly module: ModuleName | null;
  /** As the origin writes it: `39`, `cal://0/321`. */
  readonly folder: string;
  /** A single file or entry; of an infostore file `<folder>/<id>`. */
  readonly item: string | null;
  readonly additional: Readonly<Record<string, string>>;
}

/** 8 is read in OX; 1, 2 and 3 are unconfirmed there. */
const modules: Readonly<Record<string, ModuleName>> = {
  1: "tasks",
  2: "calendar",
  3: "contacts",
  8: "files",
};

/** The target of a path in one of its two versions; null for none, for the hash of early servers and for anything else. */
export function parseTargetPath(path: string): OxTarget | null {
  const [version, ...segments] = path.split("/").filter((segment) => segment !== "");
  if (version === "1") return parseFirstVersion(segments);
  if (version === "2") return parseSecondVersion(segments);
  return null;
}

function parseFirstVersion(segments: readonly string[]): OxTarget | null {
  const [module, folder, item] = segments;
  if (module === undefined || folder === undefined || segments.length > 3) return null;
  return target({ module, folder, item, additional: undefined });
}

/** Segments carry their kind as first letter and come in any order, each at most once. */
function parseSecondVersion(segments: readonly string[]): OxTarget | null {
  const byKind = new Map(segments.map((segment) => [segment.slice(0, 1), segment.slice(1)]));
  const module = byKind.get("m");
  const folder = byKind.get("f");
  if (module === undefined || folder === undefined || byKind.size !== segments.length) return null;
  if ([...byKind.keys()].some((kind) => !"mfia".includes(kind))) return null;
  return target({ module, folder, item: byKind.get("i"), additional: byKind.get("a") });
}

interface RawTarget {
  readonly module: string;
  readonly folder: string;
  readonly item: string | undefined;
  readonly additional: string | undefined;
}

function target(raw: RawTarget): OxTarget | null {
  if (!/^\d{1,9}$/.test(raw.module)) return null;
  const folder = decodeText(raw.folder);
  const item = raw.item === undefined ? null : decodeText(raw.item);
  const additional = parseAdditional(raw.additional);
  if (folder === null || additional === null || (raw.item !== undefined && item === null)) return null;
  const moduleId = Number(raw.module);
  return { moduleId, module: modules[moduleId] ?? null, folder, item, additional };
}

function parseAdditional(text: string | undefined): Record<string, string> | null {
  if (text === undefined) return {};
  const pairs: [string, string][] = [];
  for (const pair of text.split(".")) {
    const [key, value, ...rest] = pair.split("~");
    const decodedKey = decodeText(key ?? "");
    const decodedValue = decodeText(value ?? "");
    if (decodedKey === null || decodedValue === null || rest.length > 0) return null;
    pairs.push([decodedKey, decodedValue]);
  }
  return Object.fromEntries(pairs);
}

/** Base64url without padding, of UTF-8; null for anything else, an empty text and a second spelling of the same bytes. */
function decodeText(text: string): string | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    if (again !== text) return null;
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
