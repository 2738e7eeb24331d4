import { guestToken, moduleNumber, type Target, targetPath } from "./token.ts";

export interface GuestSpec {
  /** Null makes an anonymous link (reference/ox.md 3.4). */
  readonly mail: string | null;
  readonly password?: string | null;
  readonly contextId?: number;
  readonly userId?: number;
  /** The secret half of the token, 32 hex digits; made up where it is not given. */
  readonly base?: string;
}

export interface Guest {
  readonly token: string;
  readonly contextId: number;
  readonly userId: number;
  readonly mail: string | null;
  readonly password: string | null;
}

export interface SharedFile {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** What is in it; made up in the given size where it is not given. */
  readonly text?: string;
}

export interface FolderSpec {
  readonly id: string;
  readonly title: string;
  /** `infostore` unless given. */
  readonly module?: string;
  /** Parent folder; `10` ("shared") unless given. */
  readonly parent?: string;
  readonly files?: readonly SharedFile[];
  /** Tokens of the guests who see it and what is below it. */
  readonly guests?: readonly string[];
}

export interface Folder {
  readonly id: string;
  readonly title: string;
  readonly module: string;
  readonly parent: string;
  readonly files: readonly SharedFile[];
}

/** System folders that shared and public ones hang below (reference/ox.md 4.4). */
const systemFolders = new Set(["10", "15"]);

/** What an originating server knows: guests, folders, and who sees what. */
export class Shares {
  readonly #guests = new Map<string, Guest>();
  readonly #folders = new Map<string, Folder>();
  /** Token, then folder ids. */
  readonly #visible = new Map<string, Set<string>>();

  addGuest(spec: GuestSpec): Guest {
    const { contextId = 7, userId = 31 + this.#guests.size, mail, password = null } = spec;
    const token = guestToken(contextId, userId, spec.base);
    const guest = { token, contextId, userId, mail, password };
    this.#guests.set(token, guest);
    this.#visible.set(token, new Set());
    return guest;
  }

  addFolder(spec: FolderSpec): Folder {
    const { id, title, module = "infostore", parent = "10", files = [] } = spec;
    const folder = { id, title, module, parent, files };
    this.#folders.set(id, folder);
    for (const token of spec.guests ?? []) this.showFolder(token, id);
    return folder;
  }

  guest(token: string): Guest | null {
    return this.#guests.get(token.toLowerCase()) ?? null;
  }

  /** For switches that name a guest: a wrong token is a mistake of the test. */
  knownGuest(token: string): Guest {
    const guest = this.guest(token);
    if (guest === null) throw new Error("The emulated server has no such guest; add it first.");
    return guest;
  }

  changeGuest(token: string, change: Partial<Pick<Guest, "mail" | "password">>): void {
    this.#guests.set(token, { ...this.knownGuest(token), ...change });
  }

  /** The guest account is gone with everything that was shared to it. */
  revoke(token: string): void {
    this.#guests.delete(this.knownGuest(token).token);
    this.#visible.delete(token);
  }

  removeFolder(id: string): void {
    this.#folders.delete(id);
  }

  hideFolder(token: string, id: string): void {
    this.knownGuest(token);
    this.#visible.get(token)?.delete(id);
  }

  showFolder(token: string, id: string): void {
    this.knownGuest(token);
    if (!this.#folders.has(id)) throw new Error(`The emulated server has no folder ${id}; add it first.`);
    this.#visible.get(token)?.add(id);
  }

  folder(id: string): Folder | null {
    return this.#folders.get(id) ?? null;
  }

  /** Whether a folder or one above it was shared to the guest. */
  sees(token: string, id: string): boolean {
    const folder = this.#folders.get(id);
    if (folder === undefined) return false;
    if (this.#visible.get(token)?.has(id) === true) return true;
    return !systemFolders.has(folder.parent) && this.sees(token, folder.parent);
  }

  seesTarget(token: string, target: Target): boolean {
    const folder = this.folder(relativeFolder(target.folder));
    if (folder === null || !this.sees(token, folder.id)) return false;
    if (moduleNumber(folder.module) !== target.module) return false;
    return target.item === null || folder.files.some((file) => target.item === `${folder.id}/${file.id}`);
  }

  seesAnything(token: string): boolean {
    return [...(this.#visible.get(token) ?? [])].some((id) => this.#folders.has(id));
  }

  below(token: string, parent: string): readonly Folder[] {
    return [...this.#folders.values()].filter(
      (folder) => folder.parent === parent && this.sees(token, folder.id),
    );
  }
}

/** A calendar folder may be named `cal://0/<n>` (reference/ox.md 3.3). */
export function relativeFolder(id: string): string {
  return id.replace(/^cal:\/\/0\//, "");
}

export interface LinkOptions {
  readonly version?: 1 | 2;
  readonly item?: string;
  readonly additionals?: Readonly<Record<string, string>>;
}

/** The target path of a link to a folder, or to one file in it. */
export function pathTo(folder: Folder, options: LinkOptions): string {
  return targetPath({
    version: options.version ?? 1,
    module: moduleNumber(folder.module),
    folder: folder.id,
    item: options.item === undefined ? null : `${folder.id}/${options.item}`,
    additionals: options.additionals ?? {},
  });
}
