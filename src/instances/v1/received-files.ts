import { createHash } from "node:crypto";
import { filesType, type DocumentBody } from "../../domain/cozy-document.ts";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { PeerRequest } from "../../http/peer-route.ts";
import { type CozyDocumentRow, type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import { cozySharingById } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { type Access, bodyOf } from "../documents/access.ts";
import { destinationOf } from "../documents/destination.ts";
import { JsonApiError } from "../json-api.ts";

/** A file or folder that comes, by the query of its transport (reference/cozy.md 5.7). */
interface Coming {
  readonly key: DocumentKey;
  readonly access: Access;
  readonly request: PeerRequest;
}

/** What is kept of it. `known`: what stands; what the query leaves out stays as it was. */
export async function readFile(
  db: Db,
  coming: Coming,
  known: CozyDocumentRow | undefined,
): Promise<{ readonly body: DocumentBody; readonly content: Buffer | null }> {
  const { query } = coming.request;
  const before = known === undefined ? {} : bodyOf(known);
  const { dir_id: _formerPlace, ...rest } = before;
  const shared = {
    ...rest,
    name: nameIn(query.get("Name") ?? before["name"]),
    ...(await placeOf(db, coming, query.get("Dir_id"), before)),
    ...timesIn(query),
    ...referencesIn(query),
  };
  if (query.get("Type") === "directory") {
    const tags = query.get("Tags");
    return {
      body: { ...shared, type: "directory", ...(tags === null ? {} : { tags: tagsIn(tags) }) },
      content: null,
    };
  }
  const content = bytesIn(coming.request);
  const body = {
    ...shared,
    type: "file",
    executable: query.get("Executable") === "true",
    mime: coming.request.headers["content-type"] ?? "application/octet-stream",
    size: String(content.length),
    md5sum: createHash("md5").update(content).digest("base64"),
  };
  return { body, content };
}

/** Name, place, tags and time after a PATCH with a JSON:API document. */
export async function patchedFile(
  db: Db,
  coming: Coming,
  known: CozyDocumentRow,
  sent: DocumentBody,
): Promise<DocumentBody> {
  const attributes = isObject(sent["data"]) ? sent["data"]["attributes"] : sent;
  const given = isObject(attributes) ? attributes : {};
  const before = bodyOf(known);
  const { name, dir_id: folder, tags, updated_at: updatedAt } = given;
  return {
    ...before,
    ...(name === undefined ? {} : { name: nameIn(name) }),
    ...(await placeOf(db, coming, typeof folder === "string" ? folder : null, before)),
    ...(Array.isArray(tags)
      ? { tags: tags.filter((tag) => typeof tag === "string").slice(0, limits.permissionRules) }
      : {}),
    ...(typeof updatedAt === "string" && !Number.isNaN(Date.parse(updatedAt))
      ? { updated_at: updatedAt }
      : {}),
  };
}

function nameIn(value: unknown): string {
  const name = typeof value === "string" ? oneLine(value, limits.titleChars) : "";
  if (name !== "" && !name.includes("/")) return name;
  throw new JsonApiError(422, { detail: "A file or folder has a name, without a slash.", parameter: "Name" });
}

/** The content, as it was meant to come (RFC 1864). */
function bytesIn({ body, headers }: PeerRequest): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const sum = headers["content-md5"];
  if (sum === undefined || sum === createHash("md5").update(bytes).digest("base64")) return bytes;
  throw new JsonApiError(412, { detail: "Content-MD5 is not the sum of what came; send it once more." });
}

/** RFC 1123 in the query, RFC 3339 in the document. */
function timesIn(query: URLSearchParams): DocumentBody {
  return Object.fromEntries(
    (["Created_at", "Updated_at"] as const).flatMap((key) => {
      const atMs = Date.parse(query.get(key) ?? "");
      return Number.isNaN(atMs) ? [] : [[key.toLowerCase(), new Date(atMs).toISOString()]];
    }),
  );
}

function referencesIn(query: URLSearchParams): DocumentBody {
  const text = query.get("Referenced_by");
  if (text === null) return {};
  const references = readReferences(parsed(text));
  if (references !== null) return { referenced_by: references };
  throw new JsonApiError(400, { detail: "It is a JSON list of { type, id }.", parameter: "Referenced_by" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Reference {
  readonly type: string;
  readonly id: string;
}

/** References as they stand in queries, bodies and documents; null where they are none. */
export function readReferences(list: unknown): readonly Reference[] | null {
  if (!Array.isArray(list) || list.length > limits.permissionValues) return null;
  const read = list.filter(isObject).flatMap(({ type, id }) => {
    return typeof type === "string" && typeof id === "string" ? [{ type, id }] : [];
  });
  return read.length === list.length ? read : null;
}

function tagsIn(text: string): readonly string[] {
  return text
    .split(",")
    .map((tag) => oneLine(tag, limits.nameChars))
    .filter((tag) => tag !== "");
}

/**
 * The folder that it comes into. Of somebody who shares with the account, what a rule names itself, or what lies in no folder of the
 * sharing, goes where the application wants it and stays there. A folder that is not here changes nothing, unless a rule names
 * it: it may come after what lies in it.
 */
async function placeOf(
  db: Db,
  { key, access }: Coming,
  given: string | null,
  before: DocumentBody,
): Promise<DocumentBody> {
  const former = typeof before["dir_id"] === "string" ? { dir_id: before["dir_id"] } : {};
  const isReceived = access.onlyThrough !== null;
  if (given !== null && given !== "" && !(isReceived && isNamed(access, key.id))) {
    const folder = await readDocument(db, { ...key, id: given });
    const isHere = folder !== undefined && folder.is_deleted === 0;
    if (isHere || (isReceived && isNamed(access, given))) return { dir_id: given };
  }
  const isNew = before["type"] === undefined;
  return access.onlyThrough !== null && isNew ? destination(db, key, access.onlyThrough) : former;
}

function isNamed({ rules }: Access, id: string): boolean {
  return rules.some(
    ({ type, values, selector }) => type === filesType && selector === null && values.includes(id),
  );
}

async function destination(db: Db, { accountId }: DocumentKey, sharingId: string): Promise<DocumentBody> {
  const slug = (await cozySharingById(db, sharingId))?.app_slug ?? null;
  const folder = slug === null ? null : await destinationOf(db, { accountId, slug, doctype: filesType });
  return folder === null ? {} : { dir_id: folder };
}
