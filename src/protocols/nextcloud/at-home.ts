import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import type {
  Ask,
  Followed,
  FollowerHome,
  FollowReply,
  FollowWay,
  LeaveReply,
  NotFollowed,
  Share,
  TryLater,
} from "../protocol.ts";
import { type Match, matching, type RemoteShare } from "./match.ts";
import { doRemote, listRemoteShares, type OcsHome, type RemoteList } from "./remote-shares.ts";

/**
 * Answers federated shares that wait at the account's own Nextcloud or ownCloud (reference/ocm.md 5.3): the home server tells
 * the owner's, and keeps the share among the account's files.
 */
export function createNextcloudAtHome(
  http: OutboundClient,
  home: FollowerHome,
): Required<Omit<FollowWay, "browse" | "open">> {
  const at = (ask: Ask): OcsHome => ({ http, home, ask });
  return {
    follow: async (share, _who, ask) => follow(at(ask), share),
    check: async (share, _who, ask) => check(at(ask), share),
    leave: async (share, _who, ask) => end(at(ask), share, "accepted"),
    refuse: async (share, _who, ask) => end(at(ask), share, "pending"),
  };
}

async function find(at: OcsHome, share: Share, list: RemoteList): Promise<Match | TryLater> {
  const answer = await listRemoteShares(at, list);
  return answer.kind === "try-later" ? answer : matching(share, answer.shares);
}

/** What was accepted before is found among the accepted: following twice is following once. */
async function follow(at: OcsHome, share: Share): Promise<FollowReply> {
  const pending = await find(at, share, "pending");
  if (pending.kind === "try-later") return pending;
  if (pending.kind === "several") return no("several-waiting", share, at);
  if (pending.kind !== "one") return stands(at, share, "not-waiting");
  const { id } = pending.share;
  const done = await doRemote(at, "accept", id);
  if (done.kind === "try-later") return done;
  const accepted = await listRemoteShares(at, "accepted");
  if (accepted.kind === "try-later") return accepted;
  // It keeps its id; the notice may name nothing else that tells it from what the owner shared before.
  const own = accepted.shares.find((each) => each.id === id);
  return own === undefined
    ? stood(at, share, matching(share, accepted.shares), "gone-at-home")
    : followed(at, own);
}

async function check(at: OcsHome, share: Share): Promise<FollowReply> {
  return stands(at, share, "gone-at-home");
}

async function stands(at: OcsHome, share: Share, otherwise: Lack): Promise<FollowReply> {
  const accepted = await find(at, share, "accepted");
  return accepted.kind === "try-later" ? accepted : stood(at, share, accepted, otherwise);
}

function stood(at: OcsHome, share: Share, accepted: Match, otherwise: Lack): FollowReply {
  if (accepted.kind === "several") return no("several-accepted", share, at);
  return accepted.kind === "one" ? followed(at, accepted.share) : no(otherwise, share, at);
}

/** Where it is not there any more, somebody has done it already. */
async function end(at: OcsHome, share: Share, list: RemoteList): Promise<LeaveReply> {
  const found = await find(at, share, list);
  if (found.kind === "try-later") return found;
  if (found.kind === "several")
    return no(list === "pending" ? "several-waiting" : "several-accepted", share, at);
  if (found.kind !== "one") return { kind: "left" };
  const done = await doRemote(at, list === "pending" ? "decline" : "leave", found.share.id);
  return done.kind === "try-later" ? done : { kind: "left" };
}

function followed({ home }: OcsHome, { id, name, mountpoint }: RemoteShare): Followed {
  const title = oneLine(name, limits.titleChars);
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: null,
    folders: [{ module: "files", folder: title, title, entries: [] }],
    homeAccount: home.login,
    homeFolder: mountpoint === null ? id : oneLine(mountpoint, limits.titleChars),
  };
}

type Lack = keyof typeof lacks;

const lacks = {
  "not-waiting": {
    state: "UNRESOLVABLE",
    words: "No share of {sharer} waits at {home} any more; it was answered there, or taken back.",
  },
  "gone-at-home": {
    state: "REMOVED",
    words: "The share of {sharer} is not at {home} any more; it was left there, or taken back.",
  },
  "several-waiting": {
    state: "UNRESOLVABLE",
    words:
      "Several shares of {sharer} wait at {home}, and the mail does not say which it means; answer them there.",
  },
  "several-accepted": {
    state: "UNRESOLVABLE",
    words:
      "Several shares of {sharer} were accepted at {home}, and the mail does not say which it means; look there.",
  },
} as const;

function no(because: Lack, { sharerName }: Share, { home }: OcsHome): NotFollowed {
  const { state, words } = lacks[because];
  const sharer = oneLine(sharerName, limits.nameChars);
  const detail = words.replace("{sharer}", () => sharer).replace("{home}", () => new URL(home.baseUrl).host);
  return { kind: "no", state, because, detail };
}
