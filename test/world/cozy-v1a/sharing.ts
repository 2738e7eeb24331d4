import { randomInt } from "node:crypto";
import type { Sharing, SharingCozy } from "./stack/sharing.ts";

const flows = { "one-shot": "none", "master-slave": "down", "master-master": "both" } as const;
export type SharingType = keyof typeof flows;

export function isSharingType(text: string): text is SharingType {
  return Object.hasOwn(flows, text);
}

export function flowOf(type: SharingType): Sharing["flow"] {
  return flows[type];
}

/** What the routes of v1a work on. */
export interface CozyV1aState extends SharingCozy {
  /** Destination directories by slug and doctype, as `slug/doctype`. */
  readonly destinations: Map<string, string>;
}

/** The form of upstream's ids; unlike there from a source that nobody can guess (reference/cozy.md, section 10). */
export function newSharingId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return Array.from({ length: 32 }, () => letters[randomInt(letters.length)]).join("");
}
