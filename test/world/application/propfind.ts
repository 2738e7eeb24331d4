import type { ServerResponse } from "node:http";
import { escaped } from "../ocm/wire.ts";
import { etagOf, type Held, keyOf, login, root, type Served, sizeOf } from "./files.ts";

/** With its own view of rights, and addresses of its own. */
export function propfind({ name, headers, body, files, response }: Served): ServerResponse {
  const key = keyOf(files, name);
  if (key === null) return response.writeHead(404).end();
  const isFolder = key === "" || key.endsWith("/");
  const below = [...files.keys()].filter(
    (each) => isFolder && each !== key && each.startsWith(key) && !/\/./.test(each.slice(key.length)),
  );
  const shown = headers["depth"] === "1" ? [key, ...below] : [key];
  const asksRights = body.includes("share-permissions");
  const responses = shown.map((each) => described(each, files.get(each) ?? null, asksRights)).join("");
  return response
    .writeHead(207, { "Content-Type": "application/xml; charset=utf-8" })
    .end(`<?xml version="1.0"?>\n<D:multistatus xmlns:D="DAV:">${responses}</D:multistatus>`);
}

function described(key: string, held: Held, asksRights: boolean): string {
  const href =
    root +
    key
      .split("/")
      .map((each) => encodeURIComponent(each))
      .join("/");
  const size = held === null ? "" : `<D:getcontentlength>${sizeOf(held)}</D:getcontentlength>`;
  const type = held === null ? "<D:resourcetype><D:collection/></D:resourcetype>" : "<D:resourcetype/>";
  const owner = `<D:owner><D:href>/principals/users/${login}</D:href></D:owner>`;
  const rights = asksRights
    ? '<o:share-permissions xmlns:o="http://open-cloud-mesh.org/ns">["read","write","share"]</o:share-permissions>'
    : "";
  const etag = `<D:getetag>${escaped(etagOf(held))}</D:getetag>`;
  const properties = size + type + owner + rights + etag;
  const propstat = `<D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>`;
  return `<D:response><D:href>${escaped(href)}</D:href>${propstat}</D:response>`;
}
