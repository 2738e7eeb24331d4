import type { Folder, SharedFile } from "./shares.ts";
import { failure, oxErrors, type OxReply, type OxRequest } from "./wire.ts";

/** How an origin answers a Range field, which reference/ox.md leaves open; `unmeasured`: whole and without a length. */
export type DocumentHabit = "ranges" | "whole" | "unmeasured" | "wrong-range";

/** The bytes of a file: its text where it has one, else the same bytes each time. */
export function contentOf(file: SharedFile): Buffer {
  if (file.text !== undefined) return Buffer.from(file.text, "utf8");
  const bytes = Buffer.alloc(file.sizeBytes);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 7 + file.name.length) % 251;
  return bytes;
}

/** `GET infostore?action=document` with `delivery=download` (reference/ox.md 4.4). */
export function documentReply(
  file: SharedFile,
  folder: Folder,
  request: OxRequest,
  habit: DocumentHabit,
): OxReply {
  const content = contentOf(file);
  const etag = `"${folder.id}-${file.id}-${content.length}"`;
  const name = encodeURIComponent(file.name);
  const headers: (readonly [string, string])[] = [
    ["Content-Type", "application/octet-stream"],
    ["Content-Disposition", `attachment; filename*=UTF-8''${name}`],
    ["ETag", etag],
  ];
  if (request.ifNoneMatch === etag) return { status: 304, headers: [["ETag", etag]], body: "" };
  if (habit === "unmeasured") return { status: 200, headers, body: content, isUnmeasured: true };
  const range = habit === "whole" ? null : readRange(request.range, content.length);
  if (range === null) return { status: 200, headers, body: content };
  if (range === "beyond") {
    return { status: 416, headers: [["Content-Range", `bytes */${content.length}`]], body: "" };
  }
  const first = habit === "wrong-range" ? range.first + 1 : range.first;
  return {
    status: 206,
    headers: [...headers, ["Content-Range", `bytes ${first}-${range.last}/${content.length}`]],
    body: content.subarray(first, range.last + 1),
  };
}

function readRange(field: string, size: number): { first: number; last: number } | "beyond" | null {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(field) ?? [];
  if (from === undefined) return null;
  const first = Number(from);
  const last = to === undefined || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? "beyond" : { first, last };
}

/** A file that is not there. The number is not confirmed (reference/ox.md 8). */
export function noSuchFile(): OxReply {
  return failure(oxErrors.fileNotFound);
}
