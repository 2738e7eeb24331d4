import type { Fault, Reply } from "../faulty-answers.ts";
import { escaped } from "../ocm/wire.ts";

/** Answers that no honest peer gives (reference/ocm.md, section 9). `base` is the path of a share, with its final slash. */

/** A discovery whose list of capabilities never ends. */
export const endlessDiscovery: Fault = {
  kind: "endless",
  status: 200,
  type: "application/json",
  head: '{"enabled":true,"capabilities":["x"',
  piece: ',"invites"',
};

/** A folder with one file after the other. */
export function endlessMultistatus(base: string): Fault {
  return {
    kind: "endless",
    status: 207,
    type: "application/xml; charset=utf-8",
    head: `${xmlHead}<d:multistatus xmlns:d="DAV:">${response(base, "<d:collection/>")}`,
    piece: response(`${base}again.txt`, ""),
  };
}

const xmlHead = '<?xml version="1.0" encoding="utf-8"?>\n';

/** A folder of which the entries are what these hrefs name. */
export function multistatusOf(base: string, hrefs: readonly string[]): Reply {
  const entries = hrefs.map((href) => response(href, "")).join("");
  return multistatus(
    `<d:multistatus xmlns:d="DAV:">${response(base, "<d:collection/>")}${entries}</d:multistatus>`,
  );
}

function multistatus(inner: string): Reply {
  const headers = [["Content-Type", "application/xml; charset=utf-8"]] as const;
  return { status: 207, headers, body: xmlHead + inner };
}

function response(href: string, type: string): string {
  return rawResponse(escaped(href), type);
}

function rawResponse(href: string, type: string): string {
  const properties = `<d:resourcetype>${type}</d:resourcetype><d:getcontentlength>3</d:getcontentlength>`;
  const stat = `<d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
  return `<d:response><d:href>${href}</d:href>${stat}</d:response>`;
}

/** Hrefs that lie outside of the share, or deeper than was asked for, each in another way. */
export function hrefsOutside(base: string): readonly string[] {
  return [
    "https://elsewhere.example/stolen.txt",
    "//elsewhere.example/stolen.txt",
    "/etc/passwd",
    "/dav/ocm/another-share/stolen.txt",
    `${base}../another-share/stolen.txt`,
    `${base}%2e%2e/another-share/stolen.txt`,
    `${base}deeper/stolen.txt`,
    "javascript:alert(1)",
    "",
  ];
}

/** Names of files that lead elsewhere, end lines, or look like other names. */
export const oddNames: readonly string[] = [
  "..",
  ".",
  "a/b.txt",
  "../up.txt",
  "a\\b.txt",
  "null\u0000.txt",
  "line\r\nbreak.txt",
  "bell\u0007.txt",
  "invoice\u202Efdp.exe",
  "\u2066isolated\u2069.txt",
  "%2e%2e",
  "x".repeat(5000),
];

/** The odd names, each as one encoded segment. */
export function oddlyNamed(base: string): Reply {
  return multistatusOf(
    base,
    oddNames.map((name) => base + encodeURIComponent(name)),
  );
}

/** Ten entities, each ten times the one before: 10^10 letters. */
export function entityBomb(base: string): Reply {
  const entities = Array.from({ length: 10 }, (_, index) => {
    const value = index === 0 ? "lol" : `&e${index - 1};`.repeat(10);
    return `<!ENTITY e${index} "${value}">`;
  });
  return withDoctype(`[${entities.join("")}]`, base, "&e9;");
}

/** An entity that is to be got from another address. */
export function outerEntity(base: string, url: string): Reply {
  return withDoctype(`[<!ENTITY outer SYSTEM "${escaped(url)}">]`, base, "&outer;");
}

function withDoctype(subset: string, base: string, entity: string): Reply {
  const entries = response(base, "<d:collection/>") + rawResponse(`${escaped(base)}${entity}.txt`, "");
  return multistatus(
    `<!DOCTYPE d:multistatus ${subset}>\n<d:multistatus xmlns:d="DAV:">${entries}</d:multistatus>`,
  );
}

/** JSON as deep as it is told: `{"a":{"a": … }}`. */
export function deepJson(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}
