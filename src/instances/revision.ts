import { createHash } from "node:crypto";

/** CouchDB's form of a revision: how often it was written, and a hash that tells nothing else. */
export function revisionOf(count: number, id: string): string {
  return `${count}-${createHash("md5").update(`${id}\0${count}`).digest("hex")}`;
}
