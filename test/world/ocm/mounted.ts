import { Parser } from "htmlparser2";
import type { Answer, Answered } from "./caller.ts";
import type { Federation, Location, TakenShare } from "./shares.ts";
import { basic } from "./wire.ts";

/** What a PROPFIND tells of one resource. */
export interface Entry {
  /** Below the root of the share, decoded, without slashes at its ends; empty for the root. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly sizeBytes: number | null;
  /** Value of `{http://open-cloud-mesh.org/ns}share-permissions`; null where the server did not give it. */
  readonly permissions: string | null;
}

const question = `<?xml version="1.0"?>
<d:propfind xmlns:d="DAV:" xmlns:ocm="http://open-cloud-mesh.org/ns"><d:prop><d:getlastmodified/><d:getcontentlength/>
<d:resourcetype/><d:getetag/><ocm:share-permissions/></d:prop></d:propfind>`;

/** PROPFIND at the owner's server; throws where it does not answer 207. */
export async function list(
  federation: Federation,
  share: TakenShare,
  path: string,
  depth: "0" | "1",
): Promise<readonly Entry[]> {
  const { base, answer } = await ask(federation, share, path, {
    method: "PROPFIND",
    headers: { Depth: depth, "Content-Type": "application/xml; charset=utf-8" },
    body: question,
  });
  if (answer.status !== 207) throw new Error(`PROPFIND was answered ${answer.status}.`);
  return entriesIn(answer.text, base);
}

/** GET at the owner's server, whatever it answers. */
export async function read(federation: Federation, share: TakenShare, path: string): Promise<Answer> {
  const { answer } = await ask(federation, share, path, { method: "GET", headers: {} });
  return answer;
}

async function ask(
  federation: Federation,
  share: TakenShare,
  path: string,
  what: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
) {
  const { url, authorization } = await federation.locate(share);
  const below = path.split("/").map((part) => encodeURIComponent(part));
  const answer: Answered = await federation.call({
    ...what,
    url: url + below.join("/"),
    headers: { Authorization: authorization, ...what.headers },
  });
  if (answer.kind === "unreachable") throw new Error(answer.reason);
  return { base: new URL(url).pathname, answer };
}

/** As Nextcloud 32 and ownCloud open a share: under the path of discovery, by Basic with the secret alone. */
export async function locateBySecret(
  { discover }: Pick<Federation, "discover">,
  { host, secret }: TakenShare,
): Promise<Location> {
  const found = await discover(host);
  if (found === null) throw new Error(`${host} cannot be discovered.`);
  return {
    url: `https://${host}${`/${found.webdav}/`.replaceAll(/\/+/g, "/")}`,
    authorization: basic(secret, ""),
  };
}

function entriesIn(xml: string, base: string): readonly Entry[] {
  const entries: Entry[] = [];
  let fields = new Map<string, string>();
  let text = "";
  const parser = new Parser(
    {
      onopentag: (tag) => {
        const name = localName(tag);
        if (name === "response") fields = new Map();
        if (name === "collection") fields.set("collection", "");
        text = "";
      },
      ontext: (part) => void (text += part),
      onclosetag: (tag) => {
        const name = localName(tag);
        if (name === "response") entries.push(entryOf(fields, base));
        else if (text !== "") fields.set(name, text);
        text = "";
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(xml);
  return entries;
}

function entryOf(fields: ReadonlyMap<string, string>, base: string): Entry {
  const href = fields.get("href") ?? "";
  const path = URL.canParse(href) ? new URL(href).pathname : href;
  if (!`${path}/`.startsWith(base)) throw new Error("A href is outside of the share.");
  const length = fields.get("getcontentlength");
  return {
    path: decodeURIComponent(path.slice(base.length)).replace(/\/$/, ""),
    isFolder: fields.has("collection"),
    sizeBytes: length === undefined ? null : Number(length),
    permissions: fields.get("share-permissions") ?? null,
  };
}

function localName(tag: string): string {
  return tag.slice(tag.indexOf(":") + 1);
}
