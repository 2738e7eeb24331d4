import { createHash } from "node:crypto";
import { Parser } from "htmlparser2";
import type { Reply } from "../faulty-answers.ts";
import { nodeAt, type TreeNode } from "./tree.ts";
import { escaped, type OcmRequest } from "./wire.ts";

/** Read-only WebDAV (RFC 4918) over a tree. */
export interface Served {
  readonly root: TreeNode;
  /** Path of the root as it stands in `href`, with its final slash. */
  readonly base: string;
  /** Path below the base as it was asked for, percent-encoded. */
  readonly below: string;
  /** Properties of all resources that are given when they are asked for by name: `{namespace}name` to value. */
  readonly more?: Readonly<Record<string, string>>;
  /** Notes a request that no client of these servers sends. */
  readonly refuse: (what: string) => void;
}

export const ocmPermissionsProperty = "{http://open-cloud-mesh.org/ns}share-permissions";

export function serveWebdav(request: OcmRequest, served: Served): Reply {
  const path = decodedPath(served.below);
  const node = path === null ? null : nodeAt(served.root, path);
  if (node === null || path === null) return davError(404, "NotFound", "File not found");
  switch (request.method) {
    case "PROPFIND":
      return propfind(request, served, path, node);
    case "GET":
    case "HEAD":
      return content(request, served, node);
    default:
      served.refuse(`${request.method} on WebDAV: only PROPFIND, GET and HEAD are emulated`);
      return davError(405, "MethodNotAllowed", "This method is not allowed here");
  }
}

/** The answer to wrong or missing credentials. */
export function davUnauthorized(): Reply {
  const reply = davError(401, "NotAuthenticated", "Cannot authenticate over ajax calls");
  return { ...reply, headers: [...reply.headers, ["WWW-Authenticate", 'Basic realm="sabre/dav"']] };
}

function davError(status: number, exception: string, message: string): Reply {
  const inner = `<s:exception>Sabre\\DAV\\Exception\\${exception}</s:exception><s:message>${message}</s:message>`;
  return xml(status, `<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">${inner}</d:error>`);
}

function xml(status: number, text: string): Reply {
  return {
    status,
    headers: [["Content-Type", "application/xml; charset=utf-8"]],
    body: `<?xml version="1.0" encoding="utf-8"?>\n${text}`,
  };
}

function decodedPath(below: string): string | null {
  try {
    return decodeURIComponent(below);
  } catch {
    return null;
  }
}

function content(request: OcmRequest, { refuse }: Served, node: TreeNode): Reply {
  if (node.kind === "folder") {
    refuse(`${request.method} on a folder`);
    return davError(405, "NotImplemented", "GET is only implemented for File objects");
  }
  const whole: Reply = {
    status: 200,
    headers: [
      ["Content-Type", "application/octet-stream"],
      ["ETag", `"${node.etag}"`],
      ["Last-Modified", node.modifiedAt.toUTCString()],
      ["Accept-Ranges", "bytes"],
    ],
    body: node.content,
  };
  const range = request.headers.get("range");
  return range === undefined ? whole : partOf(whole, node.content, range);
}

/** RFC 9110, section 14; one range. */
function partOf(whole: Reply, bytes: Buffer, field: string): Reply {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(field) ?? [];
  if (from === "" && to === "") return whole;
  const first = from === "" ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const last = from === "" || to === "" ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (first > last) {
    return { status: 416, headers: [["Content-Range", `bytes */${bytes.length}`]], body: "" };
  }
  const headers = [...whole.headers, ["Content-Range", `bytes ${first}-${last}/${bytes.length}`] as const];
  return { status: 206, headers, body: bytes.subarray(first, last + 1) };
}

const usual = ["getlastmodified", "getcontentlength", "resourcetype", "getetag", "getcontenttype"].map(
  (name) => `{DAV:}${name}`,
);

function propfind(request: OcmRequest, served: Served, path: string, node: TreeNode): Reply {
  const depth = request.headers.get("depth");
  if (depth !== "0" && depth !== "1") {
    served.refuse(`PROPFIND with Depth ${depth ?? "missing"}: 0 and 1 are emulated`);
    return davError(400, "BadRequest", "Depth must be 0 or 1");
  }
  const asked = askedProperties(request.body.toString("utf8"));
  if (asked === null) return davError(400, "BadRequest", "The body is no propfind element");
  const parts = path.split("/").filter((part) => part !== "");
  const found: (readonly [readonly string[], TreeNode])[] = [[parts, node]];
  if (depth === "1" && node.kind === "folder") {
    for (const [name, child] of node.children) found.push([[...parts, name], child]);
  }
  const responses = found.map(([at, each]) => responseOf(served, at, each, asked)).join("");
  return xml(207, `<d:multistatus xmlns:d="DAV:">${responses}</d:multistatus>`);
}

/** Names as `{namespace}name`; the usual ones for an empty body and `allprop`; null where the body is something else. */
function askedProperties(body: string): readonly string[] | null {
  if (body.trim() === "") return usual;
  const names: string[] = [];
  const open: string[] = [];
  const spaces: Record<string, string> = {};
  const parser = new Parser(
    {
      onopentag: (tag, attributes) => {
        for (const [name, value] of Object.entries(attributes)) {
          if (name === "xmlns") spaces[""] = value;
          if (name.startsWith("xmlns:")) spaces[name.slice(6)] = value;
        }
        const [prefix, local] = tag.includes(":") ? tag.split(":") : ["", tag];
        const name = `{${spaces[prefix ?? ""] ?? ""}}${local ?? ""}`;
        if (open.at(-1) === "{DAV:}prop") names.push(name);
        else if (name === "{DAV:}allprop") names.push(...usual);
        open.push(name);
      },
      onclosetag: () => void open.pop(),
    },
    { xmlMode: true },
  );
  parser.end(body);
  return names.length === 0 ? null : names;
}

function responseOf(
  { base, more = {} }: Served,
  parts: readonly string[],
  node: TreeNode,
  asked: readonly string[],
): string {
  const path = parts.map((part) => encodeURIComponent(part)).join("/");
  const slash = node.kind === "folder" && path !== "" ? "/" : "";
  const values = asked.map((name) => [name, more[name] ?? valueOf(name, node)] as const);
  const known = values.filter(([, value]) => value !== null);
  const unknown = values.filter(([, value]) => value === null);
  const stats = [
    ...(known.length === 0 ? [] : [propstat("200 OK", known)]),
    ...(unknown.length === 0 ? [] : [propstat("404 Not Found", unknown)]),
  ];
  return `<d:response><d:href>${escaped(base + path + slash)}</d:href>${stats.join("")}</d:response>`;
}

function propstat(status: string, values: readonly (readonly [string, string | null])[]): string {
  const properties = values.map(([name, value]) => element(name, value ?? "")).join("");
  return `<d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 ${status}</d:status></d:propstat>`;
}

function element(name: string, value: string): string {
  const [, space = "", local = ""] = /^\{(.*)\}(.*)$/.exec(name) ?? [];
  if (space === "DAV:") return `<d:${local}>${value}</d:${local}>`;
  return `<x1:${local} xmlns:x1="${escaped(space)}">${escaped(value)}</x1:${local}>`;
}

/** As XML; null where the resource has no such property. */
function valueOf(name: string, node: TreeNode): string | null {
  const isFile = node.kind === "file";
  switch (name) {
    case "{DAV:}getlastmodified":
      return node.modifiedAt.toUTCString();
    case "{DAV:}resourcetype":
      return isFile ? "" : "<d:collection/>";
    case "{DAV:}getcontentlength":
      return isFile ? `${node.content.length}` : null;
    case "{DAV:}getcontenttype":
      return isFile ? "application/octet-stream" : null;
    case "{DAV:}getetag":
      return `&quot;${isFile ? node.etag : folderEtag(node)}&quot;`;
    default:
      return null;
  }
}

function folderEtag(node: TreeNode): string {
  const hash = createHash("md5");
  if (node.kind === "file") return node.etag;
  for (const [name, child] of node.children) hash.update(`${name}\n${folderEtag(child)}\n`);
  return hash.digest("hex");
}
