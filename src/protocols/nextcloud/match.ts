import type { Share } from "../protocol.ts";

/** A federated share in a list of the home server. */
export interface RemoteShare {
  readonly id: string;
  /** `host[:port]` of the server that it lies at; null where the list does not tell. */
  readonly host: string | null;
  /** Without the slash before it. */
  readonly name: string;
  /** A display name on Nextcloud, often just the login (reference/ocm.md 5.3). */
  readonly owner: string;
  readonly mountpoint: string | null;
}

export type Match =
  | { readonly kind: "one"; readonly share: RemoteShare }
  | { readonly kind: "none" | "several" };

/**
 * Which entry a notice means that names the sharer's federated id, and sometimes the resource: host and owner must fit, and
 * the name where it is told. An owner who is shown under another name fits where host and name fit nothing else. Of several
 * with one name the oldest.
 */
export function matching(
  { origin, title, sharerName }: Pick<Share, "origin" | "title" | "sharerName">,
  shares: readonly RemoteShare[],
): Match {
  const host = new URL(origin).host;
  const there = shares.filter((share) => share.host === host && (title === null || isNamed(share, title)));
  const owned = there.filter(({ owner }) => isOwner(owner, sharerName));
  const names = new Set(owned.map(({ name }) => name.normalize("NFC")));
  const [first] = owned;
  if (first !== undefined && names.size === 1) return { kind: "one", share: first };
  if (owned.length > 0) return { kind: "several" };
  const [only, another] = there;
  if (title !== null && only !== undefined && another === undefined) return { kind: "one", share: only };
  return { kind: "none" };
}

function isNamed({ name }: RemoteShare, title: string): boolean {
  return name.normalize("NFC") === title.replace(/^\/+/, "").normalize("NFC");
}

/** `@user@host` of the notice against a display name or a login: equal, but for case and what is no letter or digit. */
function isOwner(owner: string, sharerName: string): boolean {
  const id = sharerName.replace(/^@/, "");
  const user = id.includes("@") ? id.slice(0, id.lastIndexOf("@")) : id;
  return plain(owner) !== "" && [plain(user), plain(id)].includes(plain(owner));
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}
