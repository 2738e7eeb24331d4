import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export const login = "alice";
/** Path of all that the login sees. */
export const root = "/remote.php/dav/files/alice/";

/** A file, with bytes or so many that they are made as they are sent; null is a folder. */
export type Held = { readonly bytes: Buffer } | { readonly size: number } | null;

export interface Served {
  readonly method: string;
  readonly name: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly files: Map<string, Held>;
  readonly response: ServerResponse;
  readonly count: (bytes: number) => void;
}

/** Below the root, decoded; null for what lies elsewhere. */
export function nameOf(path: string): string | null {
  const decoded = decodeURIComponent(path);
  return `${decoded}/`.startsWith(root) ? decoded.slice(root.length) : null;
}

/** As it is kept: a folder is found with or without its slash. */
export function keyOf(files: ReadonlyMap<string, Held>, name: string): string | null {
  if (name === "") return "";
  if (files.has(name)) return name;
  const folder = `${name.replace(/\/$/, "")}/`;
  return files.has(folder) ? folder : null;
}

export function sizeOf(held: NonNullable<Held>): number {
  return "bytes" in held ? held.bytes.length : held.size;
}

export function etagOf(held: Held): string {
  const text = held !== null && "bytes" in held ? held.bytes : Buffer.from(String(held?.size));
  return `"${createHash("md5").update(text).digest("hex")}"`;
}
