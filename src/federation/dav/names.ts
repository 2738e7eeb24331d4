import { limits } from "../../domain/limits.ts";

/** Whether something in a folder can be called so: one name, that climbs nowhere and hides nothing. */
export function isName(text: string): boolean {
  return (
    text !== "" &&
    text !== "." &&
    text !== ".." &&
    text.length <= limits.davNameChars &&
    text.isWellFormed() &&
    !/[/\p{Cc}]/u.test(text)
  );
}

/** The names of a path behind a share, `` for its root; null where nothing can lie there. */
export function namesIn(path: string): readonly string[] | null {
  if (path === "") return [];
  const names = path.split("/");
  return names.length <= limits.browsedFolders && names.every(isName) ? names : null;
}

/** Address of what lies below the root of a share; the root itself as it was given. */
export function addressOf(root: URL, names: readonly string[]): string {
  if (names.length === 0) return root.href;
  return [root.href.replace(/\/+$/, ""), ...names.map((name) => encodeURIComponent(name))].join("/");
}

/**
 * The names below the root that the href of an answer (RFC 4918 section 8.3) stands for; null for what lies outside: another
 * authority, a path that climbs, and names that cannot be, such as one with an encoded slash.
 */
export function namesBelow(root: URL, href: string): readonly string[] | null {
  const [, authority, path = ""] = /^(?:https?:\/\/([^/?#]*))?(\/(?!\/)[^?#]*)$/i.exec(href) ?? [];
  if (path === "" || (authority !== undefined && !isAuthorityOf(root, authority))) return null;
  const above = segmentsOf(root.pathname);
  const all = segmentsOf(path);
  if (above === null || all === null || above.some((name, at) => name !== all[at])) return null;
  const names = all.slice(above.length);
  return names.every(isName) ? names : null;
}

function isAuthorityOf({ host }: URL, authority: string): boolean {
  return URL.parse(`https://${authority}/`)?.host === host;
}

/** Decoded; the slash at the end of folders is none of a name. */
function segmentsOf(path: string): readonly string[] | null {
  try {
    return path
      .replace(/\/$/, "")
      .split("/")
      .slice(1)
      .map((segment) => decodeURIComponent(segment));
  } catch {
    return null;
  }
}
