import type {
  BrowseReply,
  Followed,
  FollowedFolder,
  FollowReply,
  FollowWay,
  OpenReply,
  Share,
  WantedFile,
} from "../protocol.ts";
import { type ProbedFolder, readFolder } from "./folders.ts";
import type { OxParts } from "./parts.ts";
import type { Admitted, FolderTarget } from "./restrictions.ts";
import { isTrouble, replyTo, type Trouble, trouble } from "./troubles.ts";
import { type Asker, type Guest, prepareVisit, type Visit, visitOrigin } from "./visit.ts";
import { browseTree, openInTree, type Tree } from "./tree.ts";
import type { OxSession } from "./session.ts";

type Seen = {
  readonly kind: "seen";
  readonly guest: string;
  readonly folders: readonly FollowedFolder[];
  readonly gone: readonly FolderTarget[];
};

/**
 * Follows OX shares by Usher itself, as the guest of the link (reference/ox.md 4): log in, compare the guest with the
 * account, probe and list the folders, log out. The origin keeps no subscription, so leaving asks nothing of it.
 */
export function createOxAtOrigin(parts: OxParts): Required<Omit<FollowWay, "refuse">> {
  return {
    follow: async (share, who, ask) => look(parts, share, { as: "first", who, ask }),
    check: async (share, who, ask) => look(parts, share, { as: "again", who, ask }),
    leave: async () => ({ kind: "left" }),
    browse: async (share, who, path, ask) => browse(parts, share, path, { as: "again", who, ask }),
    open: async (share, who, wanted, ask) => open(parts, share, wanted, { as: "again", who, ask }),
  };
}

async function look(parts: OxParts, share: Share, asker: Asker): Promise<FollowReply> {
  const visit = prepareVisit(parts, share, asker);
  if (visit.kind !== "visit") return visit;
  const seen = await visitOrigin(visit, async (guest) => lookRound(visit, guest));
  return isTrouble(seen) ? replyTo(seen, asker.as, hostOf(visit)) : followed(seen, visit.admitted);
}

async function browse(parts: OxParts, share: Share, path: string, asker: Asker): Promise<BrowseReply> {
  const visit = prepareVisit(parts, share, asker);
  if (visit.kind !== "visit") return visit;
  const listed = await visitOrigin(visit, async ({ session }) => browseTree(treeOf(visit, session), path));
  return isTrouble(listed) ? replyTo(listed, asker.as, hostOf(visit)) : listed;
}

async function open(parts: OxParts, share: Share, wanted: WantedFile, asker: Asker): Promise<OpenReply> {
  const visit = prepareVisit(parts, share, asker);
  if (visit.kind !== "visit") return visit;
  const opened = await visitOrigin(visit, async ({ session }, keep) =>
    openInTree(treeOf(visit, session), wanted, keep),
  );
  return isTrouble(opened) ? replyTo(opened, asker.as, hostOf(visit)) : opened;
}

function treeOf({ admitted }: Visit, session: OxSession): Tree {
  const roots = admitted.folders.map(({ folder }) => folder);
  return { session, roots, isOneFolder: roots.length === 1 };
}

function hostOf({ apiBase }: Visit): string {
  return new URL(apiBase).host;
}

function followed(seen: Seen, admitted: Admitted): Followed {
  const left = admitted.left.map(({ target, because }) => ({ target, because }));
  const gone = seen.gone.map((target) => ({ target, because: "folder-not-visible" }));
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: seen.guest,
    folders: seen.folders,
    notFollowed: [...left, ...gone],
    homeAccount: null,
    homeFolder: null,
  };
}

async function lookRound({ admitted }: Visit, guest: Guest): Promise<Seen | Trouble> {
  const folders: FollowedFolder[] = [];
  const gone: FolderTarget[] = [];
  let lastGone: Trouble | null = null;
  for (const target of admitted.folders) {
    const probed: ProbedFolder | Trouble = await readFolder(guest.session, target);
    if (!isTrouble(probed)) folders.push(probed.folder);
    else if (probed.name !== "folder-not-visible") return probed;
    else {
      gone.push(target);
      lastGone = probed;
    }
  }
  if (folders.length === 0) return lastGone ?? trouble("folder-not-visible");
  return { kind: "seen", guest: guest.address, folders, gone };
}
