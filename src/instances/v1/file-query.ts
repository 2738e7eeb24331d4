import { createHash } from "node:crypto";
import type { DocumentBody } from "../../domain/cozy-document.ts";
import { isObject } from "../../domain/json.ts";

/** How a file is described in the query of its transport (reference/cozy.md 5.7). */
export function fileQuery(body: DocumentBody): Readonly<Record<string, string>> {
  return {
    Type: "file",
    Name: textOf(body["name"]),
    Executable: String(body["executable"] === true),
    ...timesOf(body),
    ...referencesOf(body),
    ...folderOf(body),
  };
}

export function folderQuery(body: DocumentBody): Readonly<Record<string, string>> {
  const { tags } = body;
  return {
    Type: "directory",
    Name: textOf(body["name"]),
    Tags: Array.isArray(tags) ? tags.join(",") : "",
    ...timesOf(body),
    ...referencesOf(body),
    ...folderOf(body),
  };
}

/** The content of a file; a folder has none. */
export function fileBody(body: DocumentBody, content: Buffer | null) {
  if (body["type"] === "directory") return {};
  const bytes = content ?? Buffer.alloc(0);
  const headers = {
    "content-type": textOf(body["mime"]) || "application/octet-stream",
    "content-md5": createHash("md5").update(bytes).digest("base64"),
  };
  return { headers, body: bytes };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** RFC 1123, as HTTP writes times. */
function timesOf(body: DocumentBody): Readonly<Record<string, string>> {
  const times = [
    ["Created_at", body["created_at"]],
    ["Updated_at", body["updated_at"]],
  ] as const;
  return Object.fromEntries(
    times.flatMap(([key, value]) => {
      const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
      return Number.isNaN(at) ? [] : [[key, new Date(at).toUTCString()]];
    }),
  );
}

function referencesOf({ referenced_by: list }: DocumentBody): Readonly<Record<string, string>> {
  const references = Array.isArray(list) ? list.filter(isObject) : [];
  return references.length === 0 ? {} : { Referenced_by: JSON.stringify(references) };
}

function folderOf({ dir_id: folder }: DocumentBody): Readonly<Record<string, string>> {
  return typeof folder === "string" && folder !== "" ? { Dir_id: folder } : {};
}
