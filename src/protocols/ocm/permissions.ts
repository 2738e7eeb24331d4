import { limits } from "../../domain/limits.ts";
import type { OcmPermission } from "./peer.ts";

const order: readonly OcmPermission[] = ["read", "write", "share"];

/** Bits as Nextcloud and ownCloud count them: read, update, share; `create` and `delete` of folders give no more than these. */
const bits: Readonly<Record<OcmPermission, number>> = { read: 1, write: 2, share: 16 };

/**
 * Permissions in every form that servers write: a list of words, the same as a JSON text, a sum of bits, Seafile's `r` and
 * `rw`. Words that nobody knows give no right. What says nothing, as Nextcloud's pointer to its WebDAV property
 * `share-permissions` (reference/ocm.md 6.2), means reading alone. Empty where reading is left out: such a share only takes
 * files in.
 */
export function readPermissions(value: unknown): readonly OcmPermission[] {
  if (typeof value === "number") return ofBits(value);
  if (Array.isArray(value))
    return order.filter((each) => value.slice(0, limits.ocmListed).includes(each)).filter(onlyWithRead);
  if (typeof value !== "string") return ["read"];
  if (/^\d{1,4}$/.test(value)) return ofBits(Number(value));
  if (value.startsWith("[")) return readPermissions(listIn(value));
  return value === "rw" ? ["read", "write"] : ["read"];
}

function ofBits(sum: number): readonly OcmPermission[] {
  return order.filter((each) => (sum & bits[each]) !== 0).filter(onlyWithRead);
}

function onlyWithRead(_each: OcmPermission, _index: number, all: readonly OcmPermission[]): boolean {
  return all[0] === "read";
}

function listIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
