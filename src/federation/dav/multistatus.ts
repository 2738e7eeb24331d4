import { Parser } from "htmlparser2";
import { limits } from "../../domain/limits.ts";

/** One resource of a multistatus answer (RFC 4918 section 13), as its server describes it: nothing of it is judged yet. */
export interface DavResource {
  /** As it stands in the answer: an address or an absolute path, percent-encoded. */
  readonly href: string;
  /** HTTP status of the resource as a whole; null where its properties have their own. */
  readonly status: number | null;
  readonly isFolder: boolean;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
  /** Value of `{http://open-cloud-mesh.org/ns}share-permissions` (reference/ocm.md 6.2); null where it is not told. */
  readonly permissions: string | null;
}

export type Multistatus =
  | {
      readonly kind: "read";
      readonly resources: readonly DavResource[];
      /** False where there are more than limits.davEntries. */
      readonly isWhole: boolean;
    }
  /** `because` is `no-multistatus`, `document-type`, `too-deep` or `broken-off`. */
  | { readonly kind: "refused"; readonly because: string };

/** Where an element stands among those that are read; `other` for whatever lies elsewhere, and below it. */
type Place =
  | "document"
  | "multistatus"
  | "response"
  | "href"
  | "status"
  | "propstat"
  | "part-status"
  | "prop"
  | "property"
  | "resourcetype"
  | "collection"
  | "other";

const below: Readonly<Partial<Record<Place, Readonly<Record<string, Place>>>>> = {
  document: { "{DAV:}multistatus": "multistatus" },
  multistatus: { "{DAV:}response": "response" },
  response: { "{DAV:}href": "href", "{DAV:}status": "status", "{DAV:}propstat": "propstat" },
  propstat: { "{DAV:}status": "part-status", "{DAV:}prop": "prop" },
  prop: {
    "{DAV:}resourcetype": "resourcetype",
    "{DAV:}getcontentlength": "property",
    "{DAV:}getetag": "property",
    "{http://open-cloud-mesh.org/ns}share-permissions": "property",
  },
  resourcetype: { "{DAV:}collection": "collection" },
};

/**
 * Reads the XML of a 207 answer. Namespaces are resolved, properties count only with a status of 2xx, and what a document type
 * could declare is refused with it. What is not well-formed in other ways gives nothing, or what stands before it.
 */
export function readMultistatus(text: string): Multistatus {
  const reading = new Reading();
  const parser = new Parser(
    {
      onopentag: (tag, attributes) => {
        reading.open(tag, attributes);
        if (reading.isOver) parser.pause();
      },
      ontext: (part) => reading.add(part),
      onclosetag: () => reading.close(),
      onprocessinginstruction: (name) => {
        if (/^!doctype$/i.test(name)) reading.refuse("document-type");
      },
    },
    { xmlMode: true },
  );
  // Its end would close what was left open: an answer that was cut would pass for a whole one.
  parser.write(text);
  return reading.result();
}

interface Open {
  /** `{namespace}name`. */
  readonly name: string;
  readonly place: Place;
  /** Attributes, which declare namespaces. */
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** A response, or the properties in one propstat until its status tells whether they count. */
interface Gathered {
  href: string;
  status: number | null;
  isFolder: boolean;
  readonly values: Map<string, string>;
}

class Reading {
  readonly #resources: DavResource[] = [];
  readonly #open: Open[] = [];
  #refusal: string | null = null;
  #isWhole = true;
  #hasRoot = false;
  #response = nothing();
  #part = nothing();

  /** Whether nothing more is to be read. */
  get isOver(): boolean {
    return this.#refusal !== null || !this.#isWhole;
  }

  refuse(because: string): void {
    this.#refusal ??= because;
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    if (this.isOver) return;
    if (this.#open.length >= limits.davLevels) return this.refuse("too-deep");
    const name = expanded(tag, [...this.#open.map((each) => each.attributes), attributes]);
    const place = below[this.#open.at(-1)?.place ?? "document"]?.[name] ?? "other";
    if (this.#open.length === 0 && (place !== "multistatus" || this.#hasRoot)) {
      return this.refuse("no-multistatus");
    }
    this.#open.push({ name, place, attributes, text: "" });
    this.#enter(place);
  }

  #enter(place: Place): void {
    if (place === "multistatus") this.#hasRoot = true;
    else if (place === "response") this.#begin();
    else if (place === "propstat") this.#part = nothing();
    else if (place === "collection") this.#part.isFolder = true;
  }

  add(part: string): void {
    const at = this.#open.at(-1);
    if (at !== undefined && !this.isOver) at.text += part;
  }

  close(): void {
    const closed = this.isOver ? undefined : this.#open.pop();
    if (closed === undefined) return;
    const text = closed.text.trim();
    if (closed.place === "href") this.#response.href = text;
    else if (closed.place === "status") this.#response.status = statusIn(text);
    else if (closed.place === "part-status") this.#part.status = statusIn(text);
    else if (closed.place === "property") this.#part.values.set(closed.name, text);
    else if (closed.place === "propstat") this.#join();
    else if (closed.place === "response") this.#end();
  }

  result(): Multistatus {
    if (this.#refusal !== null) return { kind: "refused", because: this.#refusal };
    if (!this.#hasRoot) return { kind: "refused", because: "no-multistatus" };
    if (this.#isWhole && this.#open.length > 0) return { kind: "refused", because: "broken-off" };
    return { kind: "read", resources: this.#resources, isWhole: this.#isWhole };
  }

  #begin(): void {
    if (this.#resources.length >= limits.davEntries) this.#isWhole = false;
    this.#response = nothing();
  }

  #join(): void {
    const { status, isFolder, values } = this.#part;
    if (status !== null && (status < 200 || status > 299)) return;
    this.#response.isFolder ||= isFolder;
    for (const [name, value] of values) this.#response.values.set(name, value);
  }

  #end(): void {
    const { href, status, isFolder, values } = this.#response;
    if (href === "") return;
    const size = values.get("{DAV:}getcontentlength") ?? "";
    this.#resources.push({
      href,
      status,
      isFolder,
      sizeBytes: !isFolder && /^\d{1,15}$/.test(size) ? Number(size) : null,
      etag: values.get("{DAV:}getetag") ?? null,
      permissions: values.get("{http://open-cloud-mesh.org/ns}share-permissions") ?? null,
    });
  }
}

function nothing(): Gathered {
  return { href: "", status: null, isFolder: false, values: new Map() };
}

/** `{namespace}name` by the nearest declaration; a prefix that nobody declared stands for no namespace at all. */
function expanded(tag: string, scopes: readonly Readonly<Record<string, string>>[]): string {
  const colon = tag.indexOf(":");
  const declaration = colon === -1 ? "xmlns" : `xmlns:${tag.slice(0, colon)}`;
  const space = scopes.findLast((scope) => Object.hasOwn(scope, declaration))?.[declaration] ?? "";
  return `{${space}}${tag.slice(colon + 1)}`;
}

/** RFC 9112 section 4: `HTTP/1.1 200 OK`. */
function statusIn(text: string): number | null {
  const status = /^HTTP\/[\d.]+ (\d{3})(?: |$)/.exec(text)?.[1];
  return status === undefined ? null : Number(status);
}
