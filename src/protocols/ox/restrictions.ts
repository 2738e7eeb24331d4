import { limits } from "../../domain/limits.ts";
import { unreachable } from "../../domain/unreachable.ts";
import type { Follower, NotFollowed, ShareFacts, ShareTarget } from "../protocol.ts";

/**
 * The restrictions of OX Federated Sharing that can be known before any request (reference/ox.md 9).
 *
 * Known only from the server, and decided after login: the guest is named and not anonymous, the guest's address is
 * one of the account's, the folder is visible.
 * Not re-sharing: a guest lacks `invite_guests`, so a share that a follower could pass on does not exist at the
 * origin; a notification that was forwarded names somebody else's guest and ends as `wrong-account`.
 */
export type RestrictionName =
  | "anonymous-link"
  | "no-mail-address"
  | "no-folder"
  | "single-file"
  | "module-unknown"
  | "module-unsupported"
  | "calendar-needs-home"
  | "module-not-available"
  | "too-many-folders";

/** A target that can be followed: a folder of a known module. */
export interface FolderTarget extends ShareTarget {
  readonly module: "files" | "calendar";
  readonly folder: string;
  readonly item: null;
}

export interface LeftTarget {
  readonly target: ShareTarget;
  readonly because: RestrictionName;
  readonly detail: string;
}

/** What of a share can be followed; one folder is enough, the rest is left with its reasons. */
export interface Admitted {
  readonly kind: "admitted";
  readonly folders: readonly FolderTarget[];
  readonly left: readonly LeftTarget[];
}

const sentences: Readonly<Record<RestrictionName, string>> = {
  "anonymous-link":
    "The mail carries an anonymous link, and only shares to a named guest can be followed; ask the sharer to invite the account's address instead of sending a link.",
  "no-mail-address":
    "The account has no mail address, so no share can be made for it; add one with `usher account change --add-address`.",
  "no-folder":
    "The link names no folder, so there is nothing to follow; use the link of the mail that announced the share.",
  "single-file":
    "The link names a single file or entry, and only folders can be followed; ask the sharer to share the folder it lies in.",
  "module-unknown": "The link names a module that Usher does not know; open it in a browser instead.",
  "module-unsupported":
    "Address books and task lists cannot be followed; open the link in a browser instead.",
  "calendar-needs-home":
    "A calendar can only be followed through the account's own OX server; connect it with `usher account home add`.",
  "too-many-folders":
    "The guest has more folders than Usher looks at in one visit; open this one in a browser instead.",
  "module-not-available":
    "The account does not have the module that this share belongs to; allow it with `usher account change --module`.",
};

/** Decides without any request which targets of a share the account may follow in this way. */
export function admit(share: ShareFacts, who: Follower, via: "usher" | "home"): Admitted | NotFollowed {
  if (share.variant === "link-created") return refused("anonymous-link");
  if (who.addresses.length === 0) return refused("no-mail-address");
  const folders: FolderTarget[] = [];
  const left: LeftTarget[] = [];
  for (const target of share.targets) {
    const folder = admittedFolder(target, who, via);
    const isOneTooMany = folders.length >= limits.oxFoldersPerShare;
    if (typeof folder === "string") left.push(leftTarget(target, folder));
    else if (isOneTooMany) left.push(leftTarget(target, "too-many-folders"));
    else folders.push(folder);
  }
  if (folders.length > 0) return { kind: "admitted", folders, left };
  return refused(left[0]?.because ?? "no-folder");
}

/** The folders among targets that OX can have subscribed, whatever the account may follow now. */
export function foldersAmong(targets: readonly ShareTarget[]): readonly FolderTarget[] {
  return targets.map(folderTarget).filter((target) => typeof target !== "string");
}

function folderTarget({ module, folder, item }: ShareTarget): FolderTarget | RestrictionName {
  if (item !== null) return "single-file";
  if (folder === null || folder === "") return "no-folder";
  switch (module) {
    case null:
      return "module-unknown";
    case "contacts":
    case "tasks":
      return "module-unsupported";
    case "calendar":
    case "files":
      return { module, folder, item: null };
    default:
      return unreachable(module);
  }
}

function admittedFolder(
  target: ShareTarget,
  who: Follower,
  via: "usher" | "home",
): FolderTarget | RestrictionName {
  const folder = folderTarget(target);
  if (typeof folder === "string") return folder;
  if (folder.module === "calendar" && via === "usher") return "calendar-needs-home";
  return who.modules.includes(folder.module) ? folder : "module-not-available";
}

function leftTarget(target: ShareTarget, because: RestrictionName): LeftTarget {
  return { target, because, detail: sentences[because] };
}

function refused(because: RestrictionName): NotFollowed {
  return { kind: "no", state: "UNSUPPORTED", because, detail: sentences[because] };
}
