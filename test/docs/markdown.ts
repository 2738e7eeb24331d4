import { readFile } from "node:fs/promises";

export const root = new URL("../../", import.meta.url);

/** The text of a file of the project. */
export async function readProject(path: string): Promise<string> {
  return readFile(new URL(path, root), "utf8");
}

/** The contents of all fenced blocks of a language. */
export function fences(markdown: string, language: string): readonly string[] {
  const blocks = markdown.matchAll(/^```([\w-]*)\n(.*?)^```$/gms);
  return [...blocks].filter(([, found]) => found === language).map(([, , text]) => text ?? "");
}

/** The text below a heading, up to the next heading of its level or above. Throws where there is none. */
export function section(markdown: string, heading: string): string {
  const prose = withoutFences(markdown);
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const start = prose.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`There is no heading "${heading}".`);
  const text = prose.slice(start + heading.length + 2);
  const end = new RegExp(`^#{1,${level}} `, "m").exec(text);
  return end === null ? text : text.slice(0, end.index);
}

/** The cells of the table whose first heading is this one. Throws where there is none. */
export function table(markdown: string, firstHeading: string): readonly (readonly string[])[] {
  const lines = withoutFences(markdown).split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeading} |`));
  if (start === -1) throw new Error(`There is no table that begins with "${firstHeading}".`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end === -1 ? rest.length : end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** Every `code` in the text, fenced blocks left out. */
export function inlineCode(markdown: string): readonly string[] {
  return [...withoutFences(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "");
}

/** Targets of links. */
export function links(markdown: string): readonly string[] {
  return [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
}

/** Names under which headings are linked. */
export function anchors(markdown: string): readonly string[] {
  const headings = withoutFences(markdown).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    (heading ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, "");
}
