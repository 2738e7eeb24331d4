import type {
  Ask,
  Followed,
  Follower,
  FollowReply,
  FollowWay,
  LeaveReply,
  NotFollowed,
  Share,
  TryLater,
} from "../protocol.ts";
import {
  checkFolder,
  followFolder,
  type HomeFolder,
  type HomeFolderReply,
  leaveFolder,
  type Stands,
} from "./home-folder.ts";
import { inHomeSession, type OxHome } from "./home-session.ts";
import type { OxLink } from "./link.ts";
import type { OxParts } from "./parts.ts";
import { admit, type Admitted, foldersAmong, type FolderTarget } from "./restrictions.ts";
import { issuedLink, linkTo } from "./target-link.ts";
import type { OxSession } from "./session.ts";
import { browseTree, openInTree, type Tree } from "./tree.ts";
import { isTrouble, type Look, replyTo, type Trouble, trouble } from "./troubles.ts";

export interface OxHomeParts extends Omit<OxParts, "addressRules"> {
  readonly home: OxHome;
}

interface FolderOutcome {
  readonly target: FolderTarget;
  readonly reply: HomeFolderReply;
}

/**
 * Follows OX shares through the account's own OX server (reference/ox.md 5): analyze, then subscribe, resubscribe or
 * nothing by the state. The server keeps the subscription and makes its own requests to the origin.
 */
export function createOxAtHome(parts: OxHomeParts): Required<Omit<FollowWay, "refuse">> {
  return {
    follow: async (share, who, ask) => look(parts, share, { as: "first", who, ask }),
    check: async (share, who, ask) => look(parts, share, { as: "again", who, ask }),
    leave: async (share, _who, ask) => leave(parts, share, ask),
    browse: async (share, who, path, ask) => {
      const done = await inTree(parts, share, { who, ask }, async (tree) => browseTree(tree, path));
      return isTrouble(done) ? replyTo(done, "again", hostOf(parts)) : done;
    },
    open: async (share, who, wanted, ask) => {
      const done = await inTree(parts, share, { who, ask }, async (tree, keep) =>
        openInTree(tree, wanted, keep),
      );
      return isTrouble(done) ? replyTo(done, "again", hostOf(parts)) : done;
    },
  };
}

async function look(
  parts: OxHomeParts,
  share: Share,
  { as, who, ask }: { readonly as: Look; readonly who: Follower; readonly ask: Ask },
): Promise<FollowReply> {
  const admitted = admit(share, who, "home");
  if (admitted.kind === "no") return admitted;
  const link = issuedLink(share.link);
  if (isTrouble(link)) return replyTo(link, as, new URL(share.origin).host);
  const deed = as === "first" ? followFolder : checkFolder;
  const outcomes = await forEachFolder(parts, { share, link, folders: admitted.folders, ask }, deed);
  return isTrouble(outcomes) ? replyTo(outcomes, as, hostOf(parts)) : summary(outcomes.done, admitted);
}

/**
 * Does `work` in what the home server shows of a share. Its folders have names of their own there, which it tells with
 * each look; what does not stand any more is left out, and is the answer where nothing else stands.
 */
async function inTree<T extends { readonly kind: string }>(
  parts: OxHomeParts,
  share: Share,
  { who, ask }: { readonly who: Follower; readonly ask: Ask },
  work: (tree: Tree, keep: () => void) => Promise<T | Trouble>,
): Promise<T | NotFollowed | TryLater | Trouble> {
  const admitted = admit(share, who, "home");
  if (admitted.kind === "no") return admitted;
  const folders = admitted.folders.filter(({ module }) => module === "files");
  const link = issuedLink(share.link);
  if (isTrouble(link)) return link;
  if (folders.length === 0) return trouble("module-not-listed");
  return inHomeSession<T | NotFollowed | TryLater>(
    { parts, home: parts.home, ask },
    async (session, keep) => {
      const roots = await standingFolders({ parts, share, link, session }, folders);
      return "kind" in roots ? roots : work({ session, roots, isOneFolder: folders.length === 1 }, keep);
    },
  );
}

async function standingFolders(
  place: {
    readonly parts: OxHomeParts;
    readonly share: Share;
    readonly link: OxLink;
    readonly session: OxSession;
  },
  folders: readonly FolderTarget[],
): Promise<readonly string[] | NotFollowed | TryLater | Trouble> {
  const { parts, share, link, session } = place;
  const names: string[] = [];
  let firstNo: NotFollowed | null = null;
  for (const target of folders) {
    const folder = { session, host: hostOf(parts), link: linkTo(link, target), password: share.password };
    const reply = await checkFolder(folder);
    if (reply.kind === "trouble" || reply.kind === "try-later") return reply;
    if (reply.kind === "no") firstNo ??= reply;
    else if (reply.folder === null) return trouble("answer-not-understood");
    else names.push(reply.folder);
  }
  return names.length === 0 && firstNo !== null ? firstNo : names;
}

/** Leaves every folder that may stand, also those that the account could not follow any more. */
async function leave(parts: OxHomeParts, share: Share, ask: Ask): Promise<LeaveReply> {
  const folders = foldersAmong(share.targets);
  const link = issuedLink(share.link);
  if (folders.length === 0 || isTrouble(link)) return { kind: "left" };
  const done = await forEachFolder(parts, { share, link, folders, ask }, leaveFolder);
  return isTrouble(done) ? replyTo(done, "again", hostOf(parts)) : { kind: "left" };
}

interface Folders {
  readonly share: Share;
  readonly link: OxLink;
  readonly folders: readonly FolderTarget[];
  readonly ask: Ask;
}

/** One session for all folders of a share; the first trouble ends the round. */
async function forEachFolder<T extends { readonly kind: string }>(
  parts: OxHomeParts,
  { share, link, folders, ask }: Folders,
  deed: (folder: HomeFolder) => Promise<T | Trouble>,
) {
  const door = { parts, home: parts.home, ask };
  return inHomeSession(door, async (session) => {
    const done: { readonly target: FolderTarget; readonly reply: T }[] = [];
    for (const target of folders) {
      const folder = { session, host: hostOf(parts), link: linkTo(link, target), password: share.password };
      const reply = await deed(folder);
      if (isTrouble(reply)) return reply;
      done.push({ target, reply });
    }
    return { kind: "round" as const, done };
  });
}

/** One folder that stands is enough; where one could not be decided, the whole share is looked at again. */
function summary(outcomes: readonly FolderOutcome[], admitted: Admitted): FollowReply {
  const standing: { readonly target: FolderTarget; readonly reply: Stands }[] = [];
  const refused: { readonly target: FolderTarget; readonly because: string }[] = [];
  let firstNo: FollowReply | null = null;
  for (const { target, reply } of outcomes) {
    if (reply.kind === "try-later") return reply;
    if (reply.kind === "stands") standing.push({ target, reply });
    else {
      refused.push({ target, because: reply.because });
      firstNo ??= reply;
    }
  }
  if (firstNo !== null && standing.length === 0) return firstNo;
  const left = admitted.left.map(({ target, because }) => ({ target, because }));
  return followed(standing, [...left, ...refused]);
}

function followed(
  standing: readonly { readonly target: FolderTarget; readonly reply: Stands }[],
  notFollowed: NonNullable<Followed["notFollowed"]>,
): Followed {
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: null,
    folders: standing.map(({ target: { module, folder } }) => ({
      module,
      folder,
      title: folder,
      entries: [],
    })),
    notFollowed,
    homeAccount: standing[0]?.reply.account ?? null,
    homeFolder: standing[0]?.reply.folder ?? null,
  };
}

function hostOf(parts: OxHomeParts): string {
  return new URL(parts.home.baseUrl).host;
}
