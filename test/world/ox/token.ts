import { randomUUID } from "node:crypto";

/** Share tokens and target paths, written from reference/ox.md 3.2 and 3.3 alone. */

export interface Target {
  readonly version: 1 | 2;
  readonly module: number;
  readonly folder: string;
  readonly item: string | null;
  /** Version 2 only. */
  readonly additionals: Readonly<Record<string, string>>;
}

const moduleNumbers: ReadonlyMap<string, number> = new Map([
  ["tasks", 1],
  ["calendar", 2],
  ["contacts", 3],
  ["infostore", 8],
]);

export function moduleNumber(name: string): number {
  return moduleNumbers.get(name) ?? 0;
}

export function moduleName(number: number): string | null {
  return [...moduleNumbers].find(([, value]) => value === number)?.[0] ?? null;
}

/** The 48 hex digits for a guest; `base` is a UUID without dashes. */
export function guestToken(
  contextId: number,
  userId: number,
  base = randomUUID().replaceAll("-", ""),
): string {
  const context = contextId ^ Number.parseInt(base.slice(0, 7), 16);
  const user = userId ^ Number.parseInt(base.slice(7, 14), 16);
  return hex8(context) + hex8(user) + base;
}

/** The ids in a token; null where it is none (reference/ox.md 3.2: both must be below 2^31). */
export function tokenIds(token: string): { readonly contextId: number; readonly userId: number } | null {
  if (!/^[0-9a-f]{48}$/i.test(token)) return null;
  const part = (from: number, to: number) => Number.parseInt(token.slice(from, to), 16);
  const contextId = (part(0, 8) ^ part(16, 23)) >>> 0;
  const userId = (part(8, 16) ^ part(23, 30)) >>> 0;
  return contextId < 0x8000_0000 && userId < 0x8000_0000 ? { contextId, userId } : null;
}

export function targetPath(target: Target): string {
  if (target.version === 1) {
    const item = target.item === null ? "" : `/${encoded(target.item)}`;
    return `/1/${target.module}/${encoded(target.folder)}${item}`;
  }
  const additionals = Object.entries(target.additionals).map(
    ([key, value]) => `${encoded(key)}~${encoded(value)}`,
  );
  const item = target.item === null ? "" : `/i${encoded(target.item)}`;
  const tail = additionals.length === 0 ? "" : `/a${additionals.join(".")}`;
  return `/2/m${target.module}/f${encoded(target.folder)}${item}${tail}`;
}

/** The target in a path; null where the path names none. */
export function readTargetPath(path: string): Target | null {
  const [empty, version, ...segments] = path.replace(/\/$/, "").split("/");
  if (empty !== "") return null;
  if (version === "1") return readFirstForm(segments);
  return version === "2" ? readSecondForm(segments) : null;
}

function readFirstForm(segments: readonly string[]): Target | null {
  const [module, folder, item] = segments;
  if (module === undefined || folder === undefined || segments.length > 3) return null;
  if (!/^\d{1,4}$/.test(module)) return null;
  return {
    version: 1,
    module: Number(module),
    folder: decoded(folder),
    item: item === undefined ? null : decoded(item),
    additionals: {},
  };
}

function readSecondForm(segments: readonly string[]): Target | null {
  const byLetter = new Map(segments.map((segment) => [segment.slice(0, 1), segment.slice(1)]));
  const [module, folder, item] = [byLetter.get("m"), byLetter.get("f"), byLetter.get("i")];
  if (module === undefined || folder === undefined || !/^\d{1,4}$/.test(module)) return null;
  const pairs = (byLetter.get("a") ?? "").split(".").filter((pair) => pair !== "");
  const additionals = pairs.map((pair) => pair.split("~").map((word) => decoded(word)));
  return {
    version: 2,
    module: Number(module),
    folder: decoded(folder),
    item: item === undefined ? null : decoded(item),
    additionals: Object.fromEntries(additionals.map(([key, value]) => [key ?? "", value ?? ""])),
  };
}

export interface ShareLink {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Everything before `share/`, as an address: the base of the HTTP API. */
  readonly base: string;
  readonly token: string;
  readonly path: string;
  readonly target: Target | null;
}

/** A share link taken apart (reference/ox.md, section 1, point 6); null where it is none. */
export function readShareLink(link: string): ShareLink | null {
  const url = URL.parse(link);
  if (url === null || url.protocol !== "https:") return null;
  const parts = /^(.*\/)share\/([0-9a-fA-F]{48})((?:\/[^/?#]+)*)\/?$/.exec(url.pathname);
  const [, prefix, token, path] = parts ?? [];
  if (prefix === undefined || token === undefined || path === undefined) return null;
  const base = `${url.origin}${prefix}`;
  return { origin: url.origin, base, token: token.toLowerCase(), path, target: readTargetPath(path) };
}

function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

function encoded(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

function decoded(text: string): string {
  return Buffer.from(text, "base64url").toString("utf8");
}
